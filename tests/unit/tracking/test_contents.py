import json
from pathlib import Path

import pytest

from unmask.tracking.contents import (
    Point,
    Split,
    TrainedModel,
    digest_of_folder,
    read_curves,
    read_scores,
    read_test_split,
)


def test_scores_are_named_by_their_path_and_value_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "metrics.json"
    file.write_text(
        json.dumps(
            {
                "threshold": 0.4,
                "test": {"accuracy_score": {"value": 0.9, "low": 0.8, "high": 1}, "roc_auc_score": 0.95},
                "robustness": {"jpeg (q)": {"30": {"value": 0.7}}},
            }
        )
    )
    assert read_scores(file) == {
        "threshold": 0.4,
        "test_accuracy_score": 0.9,
        "test_accuracy_score_low": 0.8,
        "test_accuracy_score_high": 1.0,
        "test_roc_auc_score": 0.95,
        "robustness_jpeg _q__30": 0.7,
    }


def test_texts_lists_truths_settings_and_counts_are_no_scores(tmp_path: Path) -> None:
    file = tmp_path / "metrics.json"
    file.write_text(
        json.dumps(
            {"model": "cnn", "bins": [1, 2], "is_ok": True, "confidence": 0.95, "records": {"test": 3}, "a": None}
        )
    )
    assert read_scores(file) == {}


def test_empty_cells_and_text_columns_are_no_points(tmp_path: Path) -> None:
    history = tmp_path / "history.csv"
    history.write_text("epoch,phase,loss,learning_rate\n0,head,0.5,\n1.0,all,0.25,0.001\n")
    assert list(read_curves(history)) == [
        Point("loss", 0.5, 0),
        Point("loss", 0.25, 1),
        Point("learning_rate", 0.001, 1),
    ]


@pytest.mark.parametrize(("name", "content"), [("a.txt", "changed"), ("renamed.txt", "one")])
def test_a_folders_digest_sees_names_and_contents(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / "a.txt").write_text("one")
    before = digest_of_folder(tmp_path)
    assert before == digest_of_folder(tmp_path)
    (tmp_path / "a.txt").unlink()
    (tmp_path / name).write_text(content)
    assert digest_of_folder(tmp_path) != before


def test_each_split_has_its_own_digest_and_an_old_description_the_combined_one() -> None:
    old = {"records": {"train": 70, "validation": 15}, "data_sha256": "d"}
    new = {
        **old,
        "splits": {"train": {"records": 70, "sha256": "a"}, "validation": {"records": 15, "sha256": "b"}},
    }
    assert model_of(old).splits == (Split("train", 70, "d"), Split("validation", 15, "d"))
    assert model_of(new).splits == (Split("train", 70, "a"), Split("validation", 15, "b"))


def model_of(training: dict[str, object]) -> TrainedModel:
    return TrainedModel(name="cnn", folder=Path(), sha256="", training=training, curves=())


@pytest.mark.parametrize("records", [31, {"fake": 20, "real": 11}])
def test_a_reports_test_split_counts_both_labels(tmp_path: Path, records: object) -> None:
    file = tmp_path / "metrics.json"
    file.write_text(json.dumps({"test_shards_sha256": "e", "records": {"test": records}}))
    assert read_test_split(file) == Split("test", 31, "e")


def test_a_report_that_does_not_name_its_shards_has_no_test_split(tmp_path: Path) -> None:
    file = tmp_path / "metrics.json"
    file.write_text(json.dumps({"records": {"test": {"fake": 1, "real": 1}}}))
    assert read_test_split(file) is None
