"""The stage compare, run as DVC runs it."""

import json
import logging
import runpy
import sys
from pathlib import Path
from typing import Any

import judged_models
import pandas as pd
import pytest

from unmask.artifacts import sha256_of_text
from unmask.evaluation.metrics import METRIC_NAMES
from unmask.tracking import mirror

ROOT = Path(__file__).parents[3]
FILES = ["champion.json", "differences.csv", "model-card.html", "model-card.md", "plots/robustness.png", "report.html"]
FILES += ["table.csv", "table.md"]


@pytest.fixture(autouse=True)
def own_logging(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes back what a stage does to the project's logger."""
    logger = logging.getLogger("unmask")
    for name in ("handlers", "level", "propagate"):
        monkeypatch.setattr(logger, name, getattr(logger, name))
    monkeypatch.setattr(logger, "handlers", list(logger.handlers))


@pytest.fixture(autouse=True)
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, Path]]:
    """What the stage hands to MLflow, without one."""
    calls: list[tuple[Path, Path]] = []

    def record(folder: Path, *, model_folder: Path, environment: Any) -> None:
        assert folder.exists(), "recorded before it was written"
        calls.append((folder, model_folder))

    monkeypatch.setattr(mirror, "record_comparison", record)
    return calls


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    """Two models, the second better."""
    judged_models.write_two(tmp_path)
    return tmp_path


def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["--params", str(ROOT / "params.yaml"), "--output", str(folder / "out")]
    arguments += ["--raw", str(folder), "--audit", str(folder / "audit.json")]
    for option, place in {"--evaluations": "evaluate", "--externals": "external", "--models": "models"}.items():
        arguments += [option, str(folder / place / "cnn"), str(folder / place / "resnet50")]
    monkeypatch.setattr(sys, "argv", ["compare.py", *arguments])
    runpy.run_path(str(ROOT / "stages" / "compare.py"), run_name="__main__")


def read_files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_stage_writes_table_page_and_champion_the_same_twice(judged, monkeypatch):
    run(judged, monkeypatch)
    first = read_files(judged / "out")
    assert sorted(first) == FILES
    assert json.loads(first["champion.json"]) == {
        "metric": "roc_auc_score",
        "model": "resnet50",
        "model_sha256": sha256_of_text("resnet50"),
        "split": "validation",
        "value": 0.9,
    }
    assert len(pd.read_csv(judged / "out" / "table.csv")) == 2 * 2 * len(METRIC_NAMES) + 2
    run(judged, monkeypatch)
    assert read_files(judged / "out") == first


def test_stage_hands_the_comparison_and_its_champion_to_mlflow(judged, monkeypatch, recorded):
    run(judged, monkeypatch)
    assert recorded == [(judged / "out", judged / "models" / "resnet50")]


def test_model_card_names_the_data_its_licence_and_what_the_audit_warns_of(judged, monkeypatch):
    run(judged, monkeypatch)
    card = (judged / "out" / "model-card.md").read_text()
    for part in (
        "# Model card: resnet50",
        "Page: https://example.org/faces",
        "Licence: CC0",
        "| other | 86 | 300 | 0.800 (0.750 to 0.850) | 0.500 (0.450 to 0.550) | 0.510 | 0.700 |",
        "**Warning: the threshold fails.**",
        "Logits are divided by a temperature of 2, fitted on validation.",
        "Expected calibration error on test: 0.200 before, 0.100 after.",
        "The worst: social media, severity 5 (5 times shared on), accuracy 0.520",
        "little better than by chance: do not use it on them",
        "against resnet50",
        "Images: test: 1 real and 1 fake",
        "2 findings were held against their limits; 1 are above.",
        "- **A simple model tells real from fake.** Equalise.",
        "| roc_auc_score |",
    ):
        assert part in card
    assert "No image is a copy" not in card


def test_the_card_leads_to_the_commit_by_the_name_that_dvc_gives_the_models_folder(judged, monkeypatch):
    # By hand: md5 of training.json, then of DVC's list of the folder's files.
    import hashlib

    content = (judged / "models" / "resnet50" / "training.json").read_bytes()
    listing = json.dumps([{"md5": hashlib.md5(content).hexdigest(), "relpath": "training.json"}])
    run(judged, monkeypatch)
    card = (judged / "out" / "model-card.md").read_text()
    assert f"git log -S{hashlib.md5(listing.encode()).hexdigest()}.dir --oneline -- dvc.lock" in card


def test_without_a_grid_there_is_no_heatmap(judged, monkeypatch):
    for model in ("cnn", "resnet50"):
        (judged / "evaluate" / model / "robustness.csv").unlink()
    run(judged, monkeypatch)
    assert not (judged / "out" / "plots").exists()
    assert "Perturbed pictures" not in (judged / "out" / "report.html").read_text()


def test_missing_evaluation_ends_with_one_line(judged, monkeypatch, capsys):
    (judged / "evaluate" / "resnet50" / "metrics.json").unlink()
    with pytest.raises(SystemExit, match="1"):
        run(judged, monkeypatch)
    assert "run `dvc repro` or `dvc pull`" in capsys.readouterr().err
    assert not (judged / "out").exists()


def test_models_in_another_order_than_their_evaluations_are_refused(judged, monkeypatch, capsys):
    (judged / "models" / "cnn").rename(judged / "models" / "other")
    (judged / "models" / "resnet50").rename(judged / "models" / "cnn")
    (judged / "models" / "other").rename(judged / "models" / "resnet50")
    with pytest.raises(SystemExit, match="1"):
        run(judged, monkeypatch)
    assert "did not judge the model in" in capsys.readouterr().err
