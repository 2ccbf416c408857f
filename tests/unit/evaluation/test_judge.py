"""Reading what an evaluation wrote, whole and damaged."""

import json
from pathlib import Path

import pytest

from unmask.errors import EvaluationError
from unmask.evaluation.calibration import Calibration
from unmask.evaluation.judge import Judge, read_judge, read_report, read_value

WRITTEN = {"threshold": 0.4, "confidence": 0.9, "calibration": {"slope": 2.0, "intercept": 0.5, "method": "platt"}}


def write(folder: Path, content: object) -> Path:
    file = folder / "metrics.json"
    file.write_text(json.dumps(content))
    return file


def test_a_judge_is_what_the_evaluation_chose(tmp_path: Path) -> None:
    assert read_judge(write(tmp_path, WRITTEN)) == Judge(Calibration(2.0, 0.5), threshold=0.4, confidence=0.9)


@pytest.mark.parametrize("missing", sorted(WRITTEN))
def test_a_report_of_an_older_version_says_what_to_run(tmp_path: Path, missing: str) -> None:
    file = write(tmp_path, {key: value for key, value in WRITTEN.items() if key != missing})
    with pytest.raises(EvaluationError, match=r"metrics\.json is damaged or an older version's: run `dvc repro`"):
        read_judge(file)


@pytest.mark.parametrize(
    "changes",
    [
        {"threshold": float("nan")},
        {"calibration": {"slope": float("nan"), "intercept": 0.0}},
        {"calibration": {"slope": -1.0, "intercept": 0.0}},
        {"calibration": {"slope": 1.0, "intercept": float("inf")}},
    ],
)
def test_a_judge_that_could_not_judge_is_damaged(tmp_path: Path, changes: dict[str, object]) -> None:
    with pytest.raises(EvaluationError, match=r"metrics\.json is damaged"):
        read_judge(write(tmp_path, WRITTEN | changes))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe"])
def test_a_damaged_report_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "training.json").write_bytes(content)
    with pytest.raises(EvaluationError, match=r"training\.json is damaged"):
        read_report(tmp_path / "training.json")


def test_a_missing_report_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"metrics\.json is missing: run `dvc repro` or `dvc pull`"):
        read_report(tmp_path / "metrics.json")


def test_a_missing_value_is_named(tmp_path: Path) -> None:
    file = write(tmp_path, WRITTEN)
    assert read_value(file, "threshold") == 0.4
    with pytest.raises(EvaluationError, match="has no 'preprocess'"):
        read_value(file, "preprocess")
