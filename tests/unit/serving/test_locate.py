from pathlib import Path

import pytest

from unmask.artifacts import write_json
from unmask.errors import EvaluationError
from unmask.serving.locate import locate


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cnn", r"models/cnn/training\.json is missing"),
        ("champion", r"models/resnet50/training\.json is missing"),
        ("faces.keras", r"cannot load faces\.keras .*unmask export"),
    ],
)
def test_a_name_is_a_model_the_champion_or_a_file(tmp_path: Path, name: str, message: str) -> None:
    write_json(tmp_path / "reports" / "compare" / "champion.json", {"model": "resnet50"})
    with pytest.raises(EvaluationError, match=message):
        locate(name, models=tmp_path / "models", reports=tmp_path / "reports")


def test_without_a_comparison_there_is_no_champion(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"champion\.json is missing: run `dvc repro`"):
        locate("champion", models=tmp_path, reports=tmp_path)
