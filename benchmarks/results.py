"""The rows of docs/results.json: one metric of one model, by one recipe, on one data set, and how to repeat it."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from unmask import artifacts
from unmask.records import TEST

RESULTS = Path("docs/results.json")

Content = TypeVar("Content")


@dataclass(frozen=True)
class Row:
    """One measured number.

    Attributes:
        data: the archive's name, without its ending.
        model: the model's name.
        recipe: the profile's name, with what was changed in it.
        weights: what the model started from: "none", "imagenet", or a file's name.
        split: the split it was measured on.
        metric: the metric's name.
        value: the metric.
        low: its interval's lower bound.
        high: its interval's upper bound.
        images: how many images it was measured on.
        minutes: how long training took, or None where the trained model came from a cache.
        commit: the code that made it.
        command: repeats it.
    """

    data: str
    model: str
    recipe: str
    weights: str
    split: str
    metric: str
    value: float
    low: float
    high: float
    images: int
    minutes: float | None
    commit: str
    command: str

    def key(self) -> tuple[str, ...]:
        """What a later measurement replaces: everything that was asked for."""
        return (self.data, self.recipe, self.model, self.weights, self.split, self.metric)


def rows_of(report: Mapping[str, Any], **about: Any) -> list[Row]:
    """Makes a row of every test metric.

    Args:
        report: the content of a `metrics.json` that the pipeline wrote.
        **about: the fields of `Row` that say what was measured and how.

    Returns:
        The rows, in the report's order.
    """
    images = sum(report["records"][TEST].values())
    return [
        Row(**about, model=report["model"], split=TEST, metric=name, images=images, **bounds)
        for name, bounds in report[TEST].items()
    ]


def upsert(existing: Iterable[Row], measured: Iterable[Row]) -> list[Row]:
    """Replaces the rows that were measured again and keeps the others, sorted by what was asked for.

    A model from a cache was not trained again: its row keeps the minutes that an earlier row of the same value holds.
    """
    rows = {row.key(): row for row in existing}
    for row in measured:
        earlier = rows.get(row.key())
        if row.minutes is None and earlier is not None and earlier.value == row.value:
            row = Row(**{**asdict(row), "minutes": earlier.minutes})
        rows[row.key()] = row
    return [rows[key] for key in sorted(rows)]


def load(path: Path) -> list[Row]:
    """Reads the rows; none where there is no file yet."""
    return [Row(**row) for row in kept(path, nothing=[])]


def kept(path: Path, *, nothing: Content) -> Content:
    """Reads a file of measurements.

    Args:
        path: a JSON file below docs/.
        nothing: what it holds where there is no such file yet.
    """
    if not path.exists():
        return nothing
    content: Content = artifacts.read_json(path)
    return content


def save(path: Path, rows: Iterable[Row]) -> None:
    """Writes the rows."""
    artifacts.write_json(path, [asdict(row) for row in rows])
