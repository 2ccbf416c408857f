"""Faces from elsewhere in MLflow: in the run of the model they judged, once."""

from collections.abc import Callable
from pathlib import Path

import mlflow
import pandas as pd
import pytest

from unmask.artifacts import sha256_of_file
from unmask.environment import Environment
from unmask.evaluation.external import COLUMNS
from unmask.tracking import mirror, restoring
from unmask.tracking.store import locate

MakeFolder = Callable[..., Path]
ROW = dict.fromkeys(COLUMNS, 0.5) | {"set": "other: faces", "real": 86, "fake": 300, "rejects": 0, "warning": ""}


def write_table(root: Path, name: str, *, area: float = 0.8, sets: int = 1) -> Path:
    folder = root / "reports" / "evaluate_external" / name
    folder.mkdir(parents=True, exist_ok=True)
    rows = [ROW | {"roc_auc_score": area}] * sets
    pd.DataFrame(rows, columns=COLUMNS).to_csv(folder / "external.csv", index=False)
    return folder


def only_run(environment: Environment) -> mlflow.entities.Run:
    client = mlflow.MlflowClient(locate(environment).uri)
    (run,) = client.search_runs([client.get_experiment_by_name("unmask").experiment_id])
    return run


@pytest.mark.parametrize("areas", [[0.8], [0.8, 0.8], [0.8, 0.7]])
def test_scores_on_each_set_join_the_run_of_the_model(
    environment: Environment, trained: MakeFolder, areas: list[float]
) -> None:
    model = trained("cnn", seed=1)
    for area in areas:
        folder = write_table(environment.root, "cnn", area=area)
        mirror.record_external(folder, model_folder=model, environment=environment)
    run = only_run(environment)
    assert run.data.metrics["external_other_ faces_roc_auc_score"] == areas[-1]
    assert run.data.metrics["external_other_ faces_balanced_accuracy_score"] == 0.5
    assert run.data.tags["external_sha256"] == sha256_of_file(folder / "external.csv")


def test_track_restores_them_and_twice_is_once(environment: Environment, trained: MakeFolder) -> None:
    trained("cnn", seed=1)
    write_table(environment.root, "cnn")
    written = [restoring.track(environment.root, section=None, environment=environment) for _ in range(2)]
    assert written == [["cnn: training", "cnn: faces from elsewhere"], []]


def test_no_sets_leave_no_trace(environment: Environment, trained: MakeFolder) -> None:
    trained("cnn", seed=1)
    write_table(environment.root, "cnn", sets=0)
    assert restoring.track(environment.root, section=None, environment=environment) == ["cnn: training"]
    assert "external_sha256" not in only_run(environment).data.tags
