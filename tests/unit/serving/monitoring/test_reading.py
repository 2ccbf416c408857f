"""Scores are read as they were written, and those of another model are refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from unmask.errors import ImageError, MonitoringError, ScoringError
from unmask.serving.judgements import Judgement, as_csv
from unmask.serving.monitoring.measures import NAMES
from unmask.serving.monitoring.reading import read_scores
from unmask.serving.scoring import parts
from unmask.serving.verdict import Facts, Verdict

MODEL_SHA256 = "a" * 64
FACTS = Facts(width=64, height=48, jpeg_quality=90, brightness=100.5)
VERDICT = Verdict(label="fake", score=0.75, threshold=0.5, distance=1.25, facts=FACTS)
FOUND = [Judgement("a.jpg", VERDICT), Judgement("b.jpg", ImageError("b.jpg: damaged"))]

CSV = f'score,model_sha256\n"{{}}",{MODEL_SHA256}\n{{}},{MODEL_SHA256}\n'
JSON = f'[{{{{"model_sha256": "{MODEL_SHA256}", "score": {{}}}}}}]'


class Detector:
    name, model_sha256 = "grey", MODEL_SHA256


def written(file: Path, detector: Any = Detector) -> Path:
    """Writes two judgements as score and predict do, by the name's ending."""
    if file.suffix == ".csv":
        file.write_text(as_csv(FOUND, detector))
    elif file.suffix == ".json":
        file.write_text(json.dumps([one.described(detector) for one in FOUND]))
    else:
        file.mkdir()
        parts.write_part(file / "part-00000.parquet", parts.table_of(parts.row_of(one, detector) for one in FOUND))
    return file


@pytest.mark.parametrize("name", ["out.parquet", "out.json"])
def test_what_was_written_is_read_with_all_measures(name: str, tmp_path: Path) -> None:
    scores = read_scores([written(tmp_path / name)], model_sha256=MODEL_SHA256)
    assert scores.table.to_dict("records") == [
        {"score": 0.75, "distance": 1.25, "brightness": 100.5, "width": 64, "height": 48, "jpeg_quality": 90}
    ]
    assert (scores.not_judged, scores.name) == (1, str(tmp_path / name))


def test_the_csv_of_predict_knows_the_score_alone(tmp_path: Path) -> None:
    scores = read_scores([written(tmp_path / "out.csv")], model_sha256=MODEL_SHA256)
    assert scores.table.to_dict("records") == [{"score": 0.75}]
    assert scores.not_judged == 1


def test_several_are_put_together_with_what_all_of_them_know(tmp_path: Path) -> None:
    files = [written(tmp_path / "out.parquet"), written(tmp_path / "out.json")]
    scores = read_scores(files, model_sha256=MODEL_SHA256)
    assert (scores.table.shape, scores.not_judged) == ((2, len(NAMES)), 2)
    assert scores.name == f"{files[0]} and 1 more"
    assert read_scores([*files, written(tmp_path / "out.csv")], model_sha256=MODEL_SHA256).table.shape == (3, 1)


def test_one_part_alone_is_read(tmp_path: Path) -> None:
    part = written(tmp_path / "out.parquet") / "part-00000.parquet"
    assert len(read_scores([part], model_sha256=MODEL_SHA256).table) == 1


def test_another_models_scores_are_refused(tmp_path: Path) -> None:
    class Other(Detector):
        model_sha256 = "b" * 64

    with pytest.raises(MonitoringError, match=r"scored by another model \(bbbbbbbbbbbb\).*\(aaaaaaaaaaaa\)"):
        read_scores([written(tmp_path / "out.csv", Other)], model_sha256=MODEL_SHA256)


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("absent.csv", None, "there are no scores"),
        ("out.txt", "", "expected a folder or file of Parquet, CSV or JSON"),
        ("out.csv", "image,error\na.jpg,\n", "is no table of scores: it has no column model_sha256, score"),
        ("out.json", "{}", "expected a list of pictures"),
        ("out.json", "[", "cannot read"),
        ("out.parquet", "no parquet", "cannot read"),
        ("empty.csv", "score,model_sha256\n", "no picture was judged"),
        ("out.csv", CSV.format("0.5", "high"), r"out.csv: row 2, column score: 'high' is no number"),
        ("out.csv", CSV.format("0,5", "0.5"), r"out.csv: row 1, column score: '0,5' is no number"),
        ("out.csv", CSV.format("0.5", "-inf"), r"out.csv: row 2, column score: -inf is no number"),
        ("out.json", JSON.format("[0.5]"), r"out.json: row 1, column score: \[0.5\] is no number"),
        ("out.json", JSON.format('0.5, "facts": {"width": "wide"}'), "row 1, column width: 'wide' is no number"),
        ("out.json", JSON.format('0.5, "facts": 3'), "expected a list of pictures"),
    ],
)
def test_what_is_no_table_is_refused(name: str, content: str | None, match: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(MonitoringError, match=match):
        read_scores([tmp_path / name], model_sha256=MODEL_SHA256)


def test_a_file_of_somebody_elses_among_the_parts_is_not_read(tmp_path: Path) -> None:
    file = written(tmp_path / "out.parquet")
    (file / "readme.txt").write_text("what this is")
    assert len(read_scores([file], model_sha256=MODEL_SHA256).table) == 1


@pytest.mark.parametrize("content", ["", "{}"])
def test_a_scoring_that_nobody_can_tell_to_be_finished_is_refused(content: str, tmp_path: Path) -> None:
    file = written(tmp_path / "out.parquet")
    (file / "_scoring.json").write_text(content)
    with pytest.raises(ScoringError, match=r"_scoring.json is damaged"):
        read_scores([file], model_sha256=MODEL_SHA256)


def test_pictures_none_of_which_are_jpegs_are_read(tmp_path: Path) -> None:
    row = {"score": 0.5, "jpeg_quality": None, "error": None, "model_sha256": MODEL_SHA256}
    parts.write_part(tmp_path / "a.parquet", parts.table_of([row]))
    table = read_scores([tmp_path / "a.parquet"], model_sha256=MODEL_SHA256).table
    assert table["jpeg_quality"].isna().all()
    assert table["jpeg_quality"].dtype == "float64"  # that of numbers, as the measures are computed with
