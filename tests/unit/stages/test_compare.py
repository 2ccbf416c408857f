"""The stage compare, run as DVC runs it."""

import json
import logging
import runpy
import sys
from pathlib import Path

import pandas as pd
import pytest

from unmask.evaluation.external import COLUMNS
from unmask.evaluation.metrics import METRIC_NAMES

ROOT = Path(__file__).parents[3]
EXTERNAL = dict.fromkeys(COLUMNS, 0.5) | {
    "set": "other",
    "real": 86,
    "fake": 300,
    "rejects": 0,
    "roc_auc_score": 0.8,
    "roc_auc_low": 0.75,
    "roc_auc_high": 0.85,
    "accuracy_low": 0.45,
    "accuracy_high": 0.55,
    "balanced_accuracy_score": 0.51,
    "best_balanced_accuracy_score": 0.7,
    "warning": "the threshold fails",
}
FINDINGS = [
    {"statement": "A simple model tells real from fake.", "verdict": "warning", "advice": "Equalise."},
    {"statement": "No image is a copy of another.", "verdict": "fine"},
]


@pytest.fixture(autouse=True)
def own_logging(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes back what a stage does to the project's logger."""
    logger = logging.getLogger("unmask")
    for name in ("handlers", "level", "propagate"):
        monkeypatch.setattr(logger, name, getattr(logger, name))
    monkeypatch.setattr(logger, "handlers", list(logger.handlers))


def write_report(folder: Path, *, value: float) -> None:
    folder.mkdir(parents=True)
    content = {
        "model": folder.name,
        "model_sha256": "0" * 64,
        "test_shards_sha256": "1" * 64,
        "validation": dict.fromkeys(METRIC_NAMES, value),
        "test": {name: {"value": value, "low": value, "high": value} for name in METRIC_NAMES},
        "records": {"validation": {"real": 1, "fake": 1}, "test": {"real": 1, "fake": 1}},
        "threshold": 0.5,
        "confidence": 0.95,
        "calibration": {
            "method": "temperature",
            "slope": 0.5,
            "intercept": 0.0,
            "error_before": 0.2,
            "error_after": 0.1,
        },
        "robustness": {
            "images": 40,
            "untouched_accuracy_score": 0.8,
            "untouched_roc_auc_score": 0.9,
            "mean_accuracy_score": 0.65,
            "mean_roc_auc_score": 0.7,
            "worst": {
                "perturbation": "social_media",
                "severity": 5,
                "amount": 5,
                "accuracy_score": 0.52,
                "roc_auc_score": 0.6,
            },
        },
    }
    rows = {"member": list("abcd"), "label": [0, 0, 1, 1], "score": [0.1, 0.2, 0.8, value], "cluster": list("abcd")}
    pd.DataFrame(rows).to_csv(folder / "predictions.csv", index=False)
    (folder / "metrics.json").write_text(json.dumps(content))


def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluations = [str(folder / "cnn"), str(folder / "resnet50")]
    source = {"name": "faces", "version": "2", "url": "https://example.org/faces", "licence": "CC0", "archive": "f.zip"}
    (folder / "source.json").write_text(json.dumps({**source, "bytes": 9, "sha256": "a" * 64}))
    (folder / "audit.json").write_text(json.dumps({"images": {"test": {"real": 1, "fake": 1}}, "findings": FINDINGS}))
    arguments = ["--params", str(ROOT / "params.yaml"), "--evaluations", *evaluations, "--output", str(folder / "out")]
    arguments += ["--raw", str(folder), "--audit", str(folder / "audit.json"), "--externals"]
    for model in ("cnn", "resnet50"):
        (folder / "external" / model).mkdir(parents=True, exist_ok=True)
        pd.DataFrame([EXTERNAL], columns=COLUMNS).to_csv(folder / "external" / model / "external.csv", index=False)
        arguments.append(str(folder / "external" / model))
    monkeypatch.setattr(sys, "argv", ["compare.py", *arguments])
    runpy.run_path(str(ROOT / "stages" / "compare.py"), run_name="__main__")


def test_stage_writes_table_page_and_champion_the_same_twice(tmp_path, monkeypatch):
    write_report(tmp_path / "cnn", value=0.7)
    write_report(tmp_path / "resnet50", value=0.9)
    run(tmp_path, monkeypatch)
    first = {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir()}
    assert sorted(first) == ["champion.json", "differences.csv", "model-card.md", "table.csv", "table.md"]
    assert json.loads(first["champion.json"]) == {
        "metric": "roc_auc_score",
        "model": "resnet50",
        "model_sha256": "0" * 64,
        "split": "validation",
        "value": 0.9,
    }
    assert len(pd.read_csv(tmp_path / "out" / "table.csv")) == 2 * 2 * len(METRIC_NAMES) + 2
    run(tmp_path, monkeypatch)
    assert {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir()} == first


def test_model_card_names_the_data_its_licence_and_what_the_audit_warns_of(tmp_path, monkeypatch):
    write_report(tmp_path / "cnn", value=0.7)
    write_report(tmp_path / "resnet50", value=0.9)
    run(tmp_path, monkeypatch)
    card = (tmp_path / "out" / "model-card.md").read_text()
    for part in (
        "# Model card: resnet50",
        "Page: https://example.org/faces",
        "Licence: CC0",
        "| other | 86 | 300 | 0.800 (0.750 to 0.850) | 0.500 (0.450 to 0.550) | 0.510 | 0.700 |",
        "**Warning: the threshold fails.**",
        "Logits are divided by a temperature of 2, fitted on validation.",
        "Expected calibration error on test: 0.200 before, 0.100 after.",
        "The worst: social media, severity 5 (5), accuracy 0.520",
        "little better than by chance: do not use it on them",
        "against resnet50",
        "Images: test: 1 real and 1 fake",
        "2 findings were held against their limits; 1 are above.",
        "- **A simple model tells real from fake.** Equalise.",
        "| roc_auc_score |",
    ):
        assert part in card
    assert "No image is a copy" not in card


def test_missing_evaluation_ends_with_one_line(tmp_path, monkeypatch, capsys):
    write_report(tmp_path / "cnn", value=0.7)
    with pytest.raises(SystemExit, match="1"):
        run(tmp_path, monkeypatch)
    assert "run the stage that writes it first" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
