"""The stage evaluate, where its input is damaged."""

import runpy
from pathlib import Path

import pytest

from unmask.errors import EvaluationError

STAGE = runpy.run_path(str(Path(__file__).parents[3] / "stages" / "evaluate.py"), run_name="evaluate")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe"])
def test_damaged_description_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "training.json").write_bytes(content)
    with pytest.raises(EvaluationError, match=r"training\.json is missing or damaged: run `dvc repro`"):
        STAGE["is_proper"](tmp_path)


def test_missing_description_is_named(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"training\.json is missing or damaged"):
        STAGE["is_proper"](tmp_path)


@pytest.mark.parametrize(("content", "expected"), [("{}", True), ('{"score_is_probability": false}', False)])
def test_older_description_is_of_a_probability(tmp_path: Path, content: str, expected: bool) -> None:
    (tmp_path / "training.json").write_text(content)
    assert STAGE["is_proper"](tmp_path) is expected
