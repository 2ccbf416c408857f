"""Reading what is known of the models: what may be missing, and what must not be."""

import json
from pathlib import Path

import judged_models
import pytest

from unmask.errors import EvaluationError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    judged_models.write_two(tmp_path)
    return tmp_path


def test_all_of_it_is_read(root):
    evidence = judged_models.read(root)
    assert list(evidence.models) == ["cnn", "resnet50"]
    assert evidence.champion is evidence.models["resnet50"]
    assert len(evidence.tests) == 2
    assert sorted(evidence.champion.plots) == sorted(judged_models.PLOTS)
    assert len(evidence.champion.grid) == 1 + 55


def test_a_slice_that_is_called_na_keeps_its_name(root):
    slices = judged_models.read(root).champion.slices
    assert list(slices["slice"]) == ["30 to 50", "NA"]
    assert slices["roc_auc_score"].isna().tolist() == [False, True]


def test_grid_slices_and_plots_may_be_missing(root):
    folder = root / "evaluate" / "cnn"
    for name in ("robustness.csv", "slices.csv"):
        (folder / name).unlink()
    for plot in (folder / "plots").iterdir():
        plot.unlink()
    cnn = judged_models.read(root).models["cnn"]
    assert (cnn.grid, cnn.slices, cnn.plots) == (None, None, {})


def test_a_report_on_another_model_file_is_refused(root):
    file = root / "models" / "cnn" / "training.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"model_sha256": "f" * 64}))
    with pytest.raises(EvaluationError, match="cnn did not judge the model in"):
        judged_models.read(root)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("plots/roc.png", "no picture", r"roc\.png is damaged"),
        ("slices.csv", "column,slice\na,b\n", r"cannot read .*slices\.csv"),
        ("robustness.csv", "", r"cannot read .*robustness\.csv"),
        ("metrics.json", "{", r"metrics\.json is damaged"),
    ],
)
def test_a_damaged_file_is_named(root, name, content, message):
    (root / "evaluate" / "cnn" / name).write_text(content)
    with pytest.raises(EvaluationError, match=message):
        judged_models.read(root)
