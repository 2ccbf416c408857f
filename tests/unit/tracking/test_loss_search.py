"""The search for a loss in the store: nested runs, written once."""

from pathlib import Path

import pandas as pd
import pytest
from mlflow import MlflowClient

from unmask.environment import Environment
from unmask.loss_search.choice import TABLE, choose_loss, table
from unmask.loss_search.scores import HISTORY, LossScores
from unmask.tracking import mirror, restoring
from unmask.tracking.provenance import Revision
from unmask.tracking.store import locate


@pytest.fixture
def reports(tmp_path: Path) -> dict[str, LossScores]:
    found = {}
    for loss, area in (("brier", 0.7), ("focal", 0.9)):
        folder = tmp_path / "reports" / "search_loss" / f"cnn-{loss}"
        folder.mkdir(parents=True)
        found[loss] = LossScores(
            "cnn", loss, is_proper=loss == "brier", search="s" * 64, validation_roc_auc={"7": area}
        )
        found[loss].write(folder)
        history = {"seed": [7, 7], "epoch": [0, 1], "phase": ["all", "all"], "validation_loss": [0.5, area]}
        pd.DataFrame(history).to_csv(folder / HISTORY, index=False)
    return found


def runs(environment: Environment) -> dict[str, object]:
    client = MlflowClient(locate(environment).uri)
    experiment = client.get_experiment_by_name("unmask")
    return {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}


def test_every_loss_is_a_run_below_its_search_and_twice_is_once(
    environment: Environment, reports: dict[str, LossScores], tmp_path: Path
) -> None:
    for _ in range(2):
        for loss in reports:
            mirror.record_loss(tmp_path / "reports" / "search_loss" / f"cnn-{loss}", environment=environment)
    found = runs(environment)
    assert sorted(found) == ["cnn brier", "cnn focal", "cnn losses"]
    parent = found["cnn losses"].info.run_id
    assert {found[name].data.tags["mlflow.parentRunId"] for name in ("cnn brier", "cnn focal")} == {parent}
    assert found["cnn focal"].data.metrics["validation_roc_auc"] == 0.9
    assert found["cnn focal"].data.metrics["seed_7/validation_loss"] == 0.9
    assert {run.info.status for run in found.values()} == {"FINISHED"}


def test_choice_and_table_go_to_the_search(
    environment: Environment, reports: dict[str, LossScores], tmp_path: Path
) -> None:
    mirror.record_loss(tmp_path / "reports" / "search_loss" / "cnn-focal", environment=environment)
    folder = tmp_path / "reports" / "choose_loss" / "cnn"
    folder.mkdir(parents=True)
    choose_loss(list(reports.values()), model="cnn", named="searched", equal_within=1.0).write(folder)
    table(list(reports.values()), chosen="focal").to_csv(folder / TABLE, index=False)
    mirror.record_choice(folder, search="s" * 64, environment=environment)
    parent = runs(environment)["cnn losses"]
    assert parent.data.tags["chosen_loss"] == "focal"
    files = MlflowClient(locate(environment).uri).list_artifacts(parent.info.run_id, "loss_search")
    assert sorted(Path(file.path).name for file in files) == ["choice.json", "table.csv"]


def test_missing_losses_are_written_from_the_files(
    environment: Environment, reports: dict[str, LossScores], tmp_path: Path
) -> None:
    assert restoring.has_runs(tmp_path)
    assert not restoring.has_runs(tmp_path / "elsewhere")
    written = restoring.track(tmp_path, section=None, environment=environment)
    assert written == ["cnn: loss brier", "cnn: loss focal"]
    assert restoring.track(tmp_path, section=None, environment=environment) == []


def test_a_loss_just_tried_is_of_this_commit_and_a_rebuilt_one_of_none_that_is_known(
    environment: Environment, reports: dict[str, LossScores], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror, "current_revision", lambda _: Revision(commit="c" * 40, dirty="true"))
    mirror.record_loss(tmp_path / "reports" / "search_loss" / "cnn-focal", environment=environment)
    restoring.track(tmp_path, section=None, environment=environment)
    commits = {name: run.data.tags.get("git_commit") for name, run in runs(environment).items()}
    assert commits == {"cnn focal": "c" * 40, "cnn brier": "unknown", "cnn losses": None}


def test_a_missing_choice_is_written_from_the_files_once(
    environment: Environment, reports: dict[str, LossScores], tmp_path: Path
) -> None:
    folder = tmp_path / "reports" / "choose_loss" / "cnn"
    folder.mkdir(parents=True)
    choose_loss(list(reports.values()), model="cnn", named="searched", equal_within=1.0).write(folder)
    table(list(reports.values()), chosen="focal").to_csv(folder / TABLE, index=False)
    assert restoring.track(tmp_path, section=None, environment=environment)[-1] == "cnn: chose the loss focal"
    assert runs(environment)["cnn losses"].data.tags["chosen_loss"] == "focal"
    assert restoring.track(tmp_path, section=None, environment=environment) == []
