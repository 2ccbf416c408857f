"""The comparison of the models in MLflow: in the run of its champion, once, and never at the cost of the stage."""

import json
import logging
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import mlflow
import pytest
from mlflow.entities import Run

from unmask.artifacts import sha256_of_file
from unmask.environment import Environment
from unmask.tracking import mirror, restoring
from unmask.tracking.store import locate

MakeFolder = Callable[..., Path]


def write_comparison(root: Path, champion: Path, *, text: str = "a page") -> Path:
    folder = root / "reports" / "compare"
    (folder / "plots").mkdir(parents=True, exist_ok=True)
    about = {"model": champion.name, "model_sha256": sha256_of_file(champion / "model.keras")}
    (folder / "champion.json").write_text(json.dumps(about))
    (folder / "report.html").write_text(text)
    (folder / "model-card.md").write_text("a card")
    (folder / "plots" / "robustness.png").write_bytes(b"a picture")
    return folder


def runs_by_name(environment: Environment) -> dict[str, Run]:
    client = mlflow.MlflowClient(locate(environment).uri)
    experiment = client.get_experiment_by_name("unmask")
    return {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}


def files_of(environment: Environment, run: Run, folder: str) -> list[str]:
    client = mlflow.MlflowClient(locate(environment).uri)
    return sorted(Path(file.path).name for file in client.list_artifacts(run.info.run_id, folder))


def page_of(environment: Environment, run: Run) -> str:
    folder = mlflow.MlflowClient(locate(environment).uri).download_artifacts(run.info.run_id, "compare/report.html")
    return Path(folder).read_text()


def test_the_comparison_joins_the_run_of_its_champion_once_and_a_newer_one_replaces_it(
    environment: Environment, trained: MakeFolder
) -> None:
    trained("cnn", seed=1)
    champion = trained("resnet50", seed=2)
    folder = write_comparison(environment.root, champion)
    for text in ("a page", "a page", "another page"):
        write_comparison(environment.root, champion, text=text)
        mirror.record_comparison(folder, model_folder=champion, environment=environment)
    (run,) = runs_by_name(environment).values()
    assert run.data.tags["model_sha256"] == sha256_of_file(champion / "model.keras")
    assert run.data.tags["rebuilt_from_files"] == "true", "the store had no run of it"
    assert files_of(environment, run, "compare") == ["champion.json", "model-card.md", "plots", "report.html"]
    assert files_of(environment, run, "compare/plots") == ["robustness.png"]
    assert page_of(environment, run) == "another page"


def test_track_restores_the_comparison_in_its_champions_run_alone_and_twice_is_once(
    environment: Environment, trained: MakeFolder
) -> None:
    trained("cnn", seed=1)
    write_comparison(environment.root, trained("resnet50", seed=2))
    written = [restoring.track(environment.root, section=None, environment=environment) for _ in range(2)]
    assert written == [["cnn: training", "resnet50: training", "resnet50: comparison of the models"], []]
    runs = runs_by_name(environment)
    assert "comparison_sha256" not in runs["cnn"].data.tags
    assert files_of(environment, runs["cnn"], "compare") == []
    assert page_of(environment, runs["resnet50"]) == "a page"


def test_a_comparison_whose_champion_is_gone_joins_no_run(environment: Environment, trained: MakeFolder) -> None:
    gone = trained("resnet50", seed=2)
    write_comparison(environment.root, gone)
    shutil.rmtree(gone)
    trained("resnet50", seed=3)
    assert restoring.track(environment.root, section=None, environment=environment) == ["resnet50: training"]
    (run,) = runs_by_name(environment).values()
    assert "comparison_sha256" not in run.data.tags


def test_an_experiment_that_left_the_champion_as_it_was_makes_no_run_of_it(
    environment: Environment, trained: MakeFolder
) -> None:
    champion = trained("resnet50", seed=2)
    folder = write_comparison(environment.root, champion)
    mirror.record_comparison(folder, model_folder=champion, environment=environment)
    write_comparison(environment.root, champion, text="the experiment's page")
    mirror.record_comparison(folder, model_folder=champion, environment=replace(environment, experiment="elsewhere"))
    (run,) = runs_by_name(environment).values()
    assert page_of(environment, run) == "a page"


def test_a_store_that_is_down_costs_one_warning(
    environment: Environment, trained: MakeFolder, caplog: pytest.LogCaptureFixture
) -> None:
    champion = trained("cnn", seed=1)
    folder = write_comparison(environment.root, champion)
    dead = replace(environment, tracking_uri="http://127.0.0.1:9")  # discard: nothing listens there
    mirror.record_comparison(folder, model_folder=champion, environment=dead)
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert "`unmask track`" in warnings[0].getMessage()
