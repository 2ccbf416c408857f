"""What the pipeline's files say, in MLflow's terms but without MLflow: parameters, curves, scores, tags, data."""

import csv
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unmask.artifacts import read_json, sha256_of_file, sha256_of_text
from unmask.errors import EvaluationError
from unmask.records import TEST, TRAIN, VALIDATION

MODEL_FILE = "model.keras"
HISTORY_FILE = "history.csv"
TRAINING_FILE = "training.json"
FIRST_BATCH_FILE = "first_batch.png"
METRICS_FILE = "metrics.json"
CHAMPION_FILE = "champion.json"
DATA = Path("data")
AUDIT_FILES = (
    "raw/source.json",
    "index/audit.json",
    "index/audit.html",
    "split/audit.json",
    "split/audit.html",
)

EPOCH = "epoch"
VALUE = "value"
THRESHOLD = "threshold"
TEST_DIGEST = "test_shards_sha256"
NOT_SCORES = ("confidence", "records")  # settings and counts of the report
FORBIDDEN = re.compile(r"[^\w.\-/ ]")


@dataclass(frozen=True)
class Point:
    """One value of one curve."""

    name: str
    value: float
    step: int


@dataclass(frozen=True)
class Split:
    """One split that a model was trained, validated or judged on."""

    name: str
    records: int
    digest: str


@dataclass(frozen=True)
class TrainedModel:
    """What `models/<model>/` says.

    Attributes:
        name: the model's name in `params.yaml`.
        folder: where its files are.
        sha256: of `model.keras`: by it a run is known.
        training: the content of `training.json`.
        curves: the content of `history.csv`.
    """

    name: str
    folder: Path
    sha256: str
    training: Mapping[str, Any]
    curves: tuple[Point, ...]

    @property
    def parameters(self) -> dict[str, Any]:
        """The section that the model was trained with, by dotted key."""
        return dict(self.training.get("parameters", {}))

    @property
    def data_sha256(self) -> str:
        """The hash of the data that the model was trained on, or empty."""
        return str(self.training.get("data_sha256", ""))

    @property
    def best_epoch(self) -> int:
        """The epoch, from 0, whose weights the model has; by default the last."""
        return int(self.training.get("best_epoch", max((point.step for point in self.curves), default=0)))

    @property
    def splits(self) -> tuple[Split, ...]:
        """The splits that training read; an older description has one hash for both."""
        records = self.training.get("records", {})
        splits = self.training.get("splits", {})
        return tuple(
            Split(name=name, records=int(records[name]), digest=splits.get(name, {}).get("sha256", self.data_sha256))
            for name in (TRAIN, VALIDATION)
            if name in records
        )


def read_model(name: str, folder: Path) -> TrainedModel:
    """Reads a finished model folder.

    Raises:
        OSError: a file is missing.
        ValueError: a file is damaged.
    """
    training = read_json(folder / TRAINING_FILE)
    if not isinstance(training, dict):
        raise ValueError(f"{TRAINING_FILE} is no object")
    return TrainedModel(
        name=name,
        folder=folder,
        sha256=sha256_of_file(folder / MODEL_FILE),
        training=training,
        curves=tuple(read_curves(folder / HISTORY_FILE)),
    )


def read_curves(history: Path) -> Iterator[Point]:
    """Lists a history's values; an empty cell is no value, and a column of text is no curve."""
    with history.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            step = int(float(row[EPOCH]))
            for name, cell in row.items():
                if name != EPOCH and (value := number(cell)) is not None:
                    yield Point(name=name, value=value, step=step)


def number(cell: str | None) -> float | None:
    """Reads a cell as a number, or None where it is none."""
    try:
        return float(cell or "")
    except ValueError:
        return None


def read_scores(metrics: Path) -> dict[str, float]:
    """Names every number of a report's `metrics.json`: `test.accuracy_score.value` becomes `test_accuracy_score`."""
    content = {key: value for key, value in read_json(metrics).items() if key not in NOT_SCORES}
    return dict(flat_scores(content))


def read_test_split(metrics: Path) -> Split | None:
    """Names the test split that a report judged on, or None where an older report does not say which shards."""
    content = read_json(metrics)
    if TEST_DIGEST not in content:
        return None
    records = content.get("records", {}).get(TEST, 0)
    count = sum(records.values()) if isinstance(records, Mapping) else records
    return Split(name=TEST, records=int(count), digest=str(content[TEST_DIGEST]))


def read_evaluation(metrics: Path) -> tuple[dict[str, float], Split | None]:
    """Reads a report's scores and test split.

    Raises:
        EvaluationError: the file is damaged, or holds no threshold or no score on the test split.
    """
    try:
        scores, split = read_scores(metrics), read_test_split(metrics)
    except (ValueError, TypeError, AttributeError) as error:
        raise damaged(metrics) from error
    if THRESHOLD not in scores or not any(name.startswith(f"{TEST}_") for name in scores):
        raise damaged(metrics)
    return scores, split


def damaged(file: Path) -> EvaluationError:
    """Makes the error to raise about a file that is no longer what a stage wrote."""
    return EvaluationError(f"{file} is damaged: run `dvc repro` or `dvc checkout`")


def flat_scores(content: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    """Lists the numbers of nested mappings; texts, lists and truth values are not scores."""
    for key, value in content.items():
        name = prefix if key == VALUE and prefix else f"{prefix}_{key}".lstrip("_")
        if isinstance(value, Mapping):
            yield from flat_scores(value, name)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield FORBIDDEN.sub("_", name), float(value)


def audit_files(model: TrainedModel) -> list[Path]:
    """Lists what the pipeline says of the data that a model was trained on: its source, and the audits.

    Returns:
        Files below `data/`; none where the data that lies there now is not the model's.
    """
    data = model.folder.parent.parent / DATA
    shards = data / "shards" / TRAIN / "shards.json"
    digest = next((split.digest for split in model.splits if split.name == TRAIN), "")
    if not shards.exists() or sha256_of_file(shards) != digest:
        return []
    return [data / name for name in AUDIT_FILES if (data / name).exists()]


def digest_of_files(files: Iterable[Path]) -> str:
    """Hashes some files' contents; empty for none."""
    hashes = [sha256_of_file(file) for file in files]
    return sha256_of_text(" ".join(hashes)) if hashes else ""


def digest_of_folder(folder: Path) -> str:
    """Hashes a folder's file names and contents."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(folder).as_posix()}\n{sha256_of_file(path)}\n".encode())
    return digest.hexdigest()
