"""Which pictures a detector is checked with: some of the test split, or those of a folder."""

from pathlib import Path

from unmask.data.members import read_members
from unmask.data.raw import find_archive
from unmask.data.record_tables import read_predictions, read_split
from unmask.errors import EvaluationError, ImageError
from unmask.evaluation.judge import read_value
from unmask.records import TEST
from unmask.serving.checks.encoding import pixels_of
from unmask.serving.checks.finding import Pictures
from unmask.serving.detector import Detector
from unmask.serving.inputs import SUFFIXES
from unmask.tracking.contents import METRICS_FILE

NUM_PICTURES = 32
MIN_PICTURES = 8  # fewer say little of an average
PREDICTIONS_FILE = "predictions.csv"


def from_folder(folder: Path) -> Pictures:
    """Reads the first pictures of a folder, by name.

    Args:
        folder: of JPEG, PNG or WebP files, `MIN_PICTURES` at least; `NUM_PICTURES` of them are read.

    Raises:
        EvaluationError: it is no folder, or holds too few.
        ImageError: a file cannot be read.
    """
    if not folder.is_dir():
        raise EvaluationError(f"there is no folder {folder}")
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())
    contents = tuple(dict.fromkeys(map(read_picture, files[:NUM_PICTURES])))
    if len(contents) < MIN_PICTURES:
        raise EvaluationError(
            f"{folder} holds {len(contents)} different pictures ({', '.join(SUFFIXES)}): a check needs {MIN_PICTURES}"
        )
    return Pictures(contents, reason="the pictures are a folder's, not the test split's")


def read_picture(file: Path) -> bytes:
    """Reads one file and sees to it that it decodes, so that an error names it."""
    try:
        content = file.read_bytes()
        pixels_of(content)
    except OSError as error:
        raise ImageError(f"{file}: {error.strerror}") from error
    except ImageError as error:
        raise ImageError(f"{file}: {error}") from error
    return content


def from_test_split(detector: Detector, *, raw: Path, split: Path, report: Path) -> Pictures:
    """Reads some pictures of the test split from the archive, and what the evaluation said of them.

    Args:
        detector: whose scores are wanted.
        raw: `data/raw`.
        split: `data/split`.
        report: the detector's `reports/evaluate/<model>`.

    Returns:
        The first pictures by their hash, which is as good as drawn.

    Raises:
        EvaluationError: there is no archive or no split, or too few pictures in it.
        ArchiveError: the archive is damaged, or not the one that was split.
    """
    table = split / f"{TEST}.csv"
    if not raw.is_dir() or not table.is_file():
        absent = table if raw.is_dir() else raw
        raise EvaluationError(f"there is no {absent} to take pictures from: run `dvc repro`, or give --pictures FOLDER")
    records = read_split(table).drop_duplicates("sha256").sort_values("sha256").head(NUM_PICTURES)
    if len(records) < MIN_PICTURES:
        raise EvaluationError(f"{table} names {len(records)} different pictures: a check needs {MIN_PICTURES}")
    members = records["member"].tolist()
    contents = read_members(find_archive(raw), members, records["sha256"].tolist())
    metrics = report / METRICS_FILE
    if not metrics.is_file():
        return Pictures(contents, reason=f"there is no {metrics}")
    if read_value(metrics, "model_sha256") != detector.model_sha256:
        return Pictures(contents, reason=f"{report} judged another model file")
    return Pictures(contents, stored_scores(report / PREDICTIONS_FILE, members))


def stored_scores(file: Path, members: list[str]) -> tuple[float, ...]:
    """Looks members' scores up in `predictions.csv`."""
    table = read_predictions(file)
    known = dict(zip(table["member"], table["score"], strict=True))
    absent = [member for member in members if member not in known]
    if absent:
        raise EvaluationError(f"{file} has no score of {absent[0]}, which is in the test split: run `dvc repro`")
    return tuple(float(known[member]) for member in members)
