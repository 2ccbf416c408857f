import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from unmask.artifacts import write_csv, write_json
from unmask.data import raw
from unmask.errors import ArchiveError, EvaluationError, ImageError
from unmask.serving.check_pictures import MIN_PICTURES, NUM_PICTURES, from_folder, from_test_split
from unmask.serving.detector import Detector

DETECTOR = Detector("cnn", engine=None, threshold=0.5, preprocess={}, model_sha256="a" * 64)


def encoded(grey: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (9, 9), (grey, grey, grey)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def checkout(tmp_path: Path, make_archive: Callable[..., Path]) -> dict[str, Path]:
    """An archive of 50 pictures, 40 of which are the test split's, and scores of these: a hundredth of the number."""
    members = {f"{'real' if n % 2 else 'fake'}/{n:02d}.png": encoded(n) for n in range(50)}
    folders = {name: tmp_path / name for name in ("raw", "split", "report")}
    archive = make_archive(members, name="raw/faces.zip")
    source = raw.describe(archive, name="faces", version="", url="", licence="")
    write_json(folders["raw"] / raw.SOURCE_FILE, vars(source))
    test = list(members)[:40]
    hashes = [hashlib.sha256(members[member]).hexdigest() for member in test]
    columns = {"member": test, "label": [n % 2 for n in range(40)], "group": "", "sha256": hashes}
    write_csv(folders["split"] / "test.csv", pd.DataFrame(columns))
    scores = {"member": test, "label": columns["label"], "score": [n / 100 for n in range(40)], "cluster": test}
    write_csv(folders["report"] / "predictions.csv", pd.DataFrame(scores))
    write_json(folders["report"] / "metrics.json", {"model_sha256": "a" * 64})
    return folders


def test_the_test_splits_first_pictures_by_hash_come_with_their_scores(checkout: dict[str, Path]) -> None:
    pictures = from_test_split(DETECTOR, **checkout)
    expected = sorted((hashlib.sha256(encoded(n)).hexdigest(), n) for n in range(40))[:NUM_PICTURES]
    assert pictures.contents == tuple(encoded(n) for _, n in expected)
    assert pictures.stored_scores == tuple(n / 100 for _, n in expected)


def test_a_picture_that_is_there_twice_counts_once(checkout: dict[str, Path]) -> None:
    table = pd.read_csv(checkout["split"] / "test.csv", keep_default_na=False).head(9)
    write_csv(checkout["split"] / "test.csv", pd.concat([table, table]))
    assert len(from_test_split(DETECTOR, **checkout).contents) == 9


def test_scores_of_another_model_file_are_not_compared(checkout: dict[str, Path]) -> None:
    write_json(checkout["report"] / "metrics.json", {"model_sha256": "b" * 64})
    pictures = from_test_split(DETECTOR, **checkout)
    assert (len(pictures.contents), pictures.stored_scores) == (NUM_PICTURES, ())
    assert pictures.reason == f"{checkout['report']} judged another model file"


def test_without_an_evaluation_the_reason_is_said(checkout: dict[str, Path]) -> None:
    (checkout["report"] / "metrics.json").unlink()
    pictures = from_test_split(DETECTOR, **checkout)
    assert pictures.stored_scores == ()
    assert pictures.reason == f"there is no {checkout['report'] / 'metrics.json'}"


def test_a_test_picture_without_a_score_is_an_error(checkout: dict[str, Path]) -> None:
    table = pd.read_csv(checkout["report"] / "predictions.csv")
    write_csv(checkout["report"] / "predictions.csv", table.head(3))
    with pytest.raises(EvaluationError, match=r"predictions\.csv has no score of .*run `dvc repro`"):
        from_test_split(DETECTOR, **checkout)


@pytest.mark.parametrize("absent", ["raw", "split"])
def test_without_archive_or_split_a_folder_is_asked_for(checkout: dict[str, Path], absent: str) -> None:
    checkout[absent].rename(checkout[absent].with_name("away"))
    with pytest.raises(EvaluationError, match=rf"there is no .*{absent}.*run `dvc repro`, or give --pictures FOLDER"):
        from_test_split(DETECTOR, **checkout)


def test_a_small_test_split_is_too_few(checkout: dict[str, Path]) -> None:
    table = pd.read_csv(checkout["split"] / "test.csv", keep_default_na=False)
    write_csv(checkout["split"] / "test.csv", table.head(MIN_PICTURES - 1))
    with pytest.raises(EvaluationError, match="names 7 different pictures: a check needs 8"):
        from_test_split(DETECTOR, **checkout)


def test_an_archive_of_other_pictures_is_refused(checkout: dict[str, Path], make_archive: Callable[..., Path]) -> None:
    others = {f"{'real' if n % 2 else 'fake'}/{n:02d}.png": encoded(n + 1) for n in range(50)}
    make_archive(others, name="raw/faces.zip")
    with pytest.raises(ArchiveError, match="is not what was split: run `dvc repro`"):
        from_test_split(DETECTOR, **checkout)


def test_a_folders_first_pictures_are_read_each_once(tmp_path: Path) -> None:
    for number in range(NUM_PICTURES + 5):
        (tmp_path / f"{number:02d}.png").write_bytes(encoded(max(number, 1)))  # the first two are the same
    (tmp_path / "00.txt").write_text("no picture")
    (tmp_path / "folder.png").mkdir()
    pictures = from_folder(tmp_path)
    assert pictures.contents == tuple(encoded(number) for number in range(1, NUM_PICTURES))
    assert (pictures.stored_scores, pictures.reason) == ((), "the pictures are a folder's, not the test split's")


def test_too_few_pictures_are_counted(tmp_path: Path) -> None:
    for number in range(MIN_PICTURES):
        (tmp_path / f"{number}.png").write_bytes(encoded(7 if number else 8))
    with pytest.raises(EvaluationError, match=r"holds 2 different pictures .*: a check needs 8"):
        from_folder(tmp_path)


def test_no_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"there is no folder .*absent"):
        from_folder(tmp_path / "absent")


def test_a_damaged_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "cut.png").write_bytes(encoded(5)[:40])
    with pytest.raises(ImageError, match=r"cut\.png: "):
        from_folder(tmp_path)
