"""The audit of a model's data, beside the model's run."""

import json
from collections.abc import Callable
from pathlib import Path

import mlflow
import pytest

from unmask.artifacts import sha256_of_file
from unmask.environment import Environment
from unmask.tracking import restoring
from unmask.tracking.store import locate

PAGE = "<!doctype html><title>Audit</title>"


@pytest.fixture
def model(tmp_path: Path, trained: Callable[..., Path]) -> Path:
    """A trained model and the data that it was trained on."""
    folder = trained()
    for name in ("raw/source.json", "index/audit.json", "split/audit.json", "shards/train/shards.json"):
        write(tmp_path / "data" / name, json.dumps({"name": name}))
    for name in ("index/audit.html", "split/audit.html"):
        write(tmp_path / "data" / name, PAGE)
    description = json.loads((folder / "training.json").read_text())
    digest = sha256_of_file(tmp_path / "data" / "shards" / "train" / "shards.json")
    description["splits"] = {"train": {"sha256": digest}, "validation": {"sha256": "v" * 64}}
    (folder / "training.json").write_text(json.dumps(description))
    return folder


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def audited_files(environment: Environment) -> list[str]:
    client = mlflow.MlflowClient(locate(environment).uri)
    (run,) = client.search_runs([client.get_experiment_by_name("unmask").experiment_id])
    folders = [entry.path for entry in client.list_artifacts(run.info.run_id, "data")]
    return sorted(file.path for folder in folders for file in client.list_artifacts(run.info.run_id, folder))


def test_a_run_carries_the_audit_of_its_data(environment: Environment, model: Path, tmp_path: Path) -> None:
    assert restoring.track(tmp_path, section=None, environment=environment) == ["cnn: training"]
    assert audited_files(environment) == [
        "data/index/audit.html",
        "data/index/audit.json",
        "data/raw/source.json",
        "data/split/audit.html",
        "data/split/audit.json",
    ]


def test_an_audit_that_came_later_is_added_once(environment: Environment, model: Path, tmp_path: Path) -> None:
    restoring.track(tmp_path, section=None, environment=environment)
    write(tmp_path / "data" / "split" / "audit.html", PAGE + "<p>anew")
    assert restoring.track(tmp_path, section=None, environment=environment) == ["cnn: audit of its data"]
    assert restoring.track(tmp_path, section=None, environment=environment) == []


def test_the_audit_of_other_data_is_left_out(environment: Environment, model: Path, tmp_path: Path) -> None:
    write(tmp_path / "data" / "shards" / "train" / "shards.json", "{}")
    restoring.track(tmp_path, section=None, environment=environment)
    assert audited_files(environment) == []
