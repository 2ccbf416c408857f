"""A model that several DVC experiments share has one run in each."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import mlflow
import pytest
from mlflow.entities import Run

from unmask.environment import Environment
from unmask.tracking import mirror, restoring
from unmask.tracking.runs import EXPERIMENT_TAG, MODEL_TAG, Runs
from unmask.tracking.store import locate, prepare

MakeFolder = Callable[..., Path]


def evaluate(environment: Environment, model: Path, report: Path) -> None:
    mirror.record_evaluation(
        model_name=model.name, model_folder=model, report_folder=report, section=None, environment=environment
    )


def runs_by_name(environment: Environment) -> dict[str, Run]:
    client = mlflow.MlflowClient(locate(environment).uri)
    found = client.search_runs([client.get_experiment_by_name("unmask").experiment_id])
    runs = {run.info.run_name: run for run in found}
    assert len(runs) == len(found)
    return runs


def test_an_experiment_that_only_judges_anew_gets_a_run_of_its_own(
    environment: Environment, trained: MakeFolder, judged: MakeFolder
) -> None:
    model, experiment = trained(), replace(environment, experiment="my-exp")
    evaluate(environment, model, judged(accuracy=0.9))
    for _ in range(2):
        evaluate(experiment, model, judged(accuracy=0.8))
    runs = runs_by_name(environment)
    assert {name: run.data.metrics["test_accuracy_score"] for name, run in runs.items()} == {
        "cnn": 0.9,
        "cnn my-exp": 0.8,
    }
    assert runs["cnn my-exp"].data.tags[EXPERIMENT_TAG] == "my-exp"
    assert restoring.track(environment.root, section=None, environment=experiment) == []


@pytest.mark.parametrize(
    ("present", "experiment", "found"),
    [
        (["", "owl", "fox"], "owl", "owl"),
        (["", "owl", "fox"], "", ""),
        (["owl", "fox"], "", "fox"),
        (["", "owl"], "fox", None),
        ([], "", None),
    ],
)
def test_a_run_is_found_by_its_experiment(
    environment: Environment, present: list[str], experiment: str, found: str | None
) -> None:
    store = locate(environment)
    prepare(store)
    runs = Runs(store)
    for started, name in enumerate(present, start=1):
        tags = {MODEL_TAG: "a" * 64, EXPERIMENT_TAG: name}
        runs.client.create_run(runs.experiment_id, start_time=started, tags=tags)
    run = runs.find("a" * 64, experiment=experiment)
    assert (None if run is None else run.data.tags.get(EXPERIMENT_TAG, "")) == found
