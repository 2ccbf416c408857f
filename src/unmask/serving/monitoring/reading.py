"""Tables of scores, as `unmask score` and `unmask predict` write them."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from unmask import artifacts
from unmask.errors import MonitoringError
from unmask.serving.bundle.manifest import REFERENCE_FILE, checked, read_manifest
from unmask.serving.monitoring.measures import NAMES
from unmask.serving.scoring.resume import ABOUT_FILE, read_about

WANTED = ("model_sha256", "error", *NAMES)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Scores:
    """What was scored.

    Attributes:
        table: a row for each picture that was judged, with those of `measures.NAMES` that are known of all.
        not_judged: how many pictures could not be.
        not_scored: how many are listed and yet to be scored, as scorings that are not finished have them.
        name: what a person calls it.
    """

    table: pd.DataFrame
    not_judged: int
    not_scored: int
    name: str


def read_reference(bundle: Path) -> Scores:
    """Reads what a detector said of the validation pictures, which its model has not learnt from.

    Raises:
        EvaluationError: there is no such bundle, or the file is missing or damaged.
    """
    manifest = read_manifest(bundle)
    table = pd.read_csv(checked(bundle, manifest, REFERENCE_FILE))
    return Scores(measures_of([table]), 0, 0, f"the validation pictures of {manifest.model}")


def read_scores(files: Sequence[Path], *, model_sha256: str) -> Scores:
    """Reads scores.

    Args:
        files: folders or files of Parquet, CSV or JSON.
        model_sha256: of the model that they must be of.

    Raises:
        MonitoringError: one is missing, is no such table, or is another model's; or no picture was judged.
        ScoringError: what a scoring began with is damaged, so that nobody can tell whether it is finished.
    """
    tables = [read(file) for file in files]
    for file, table in zip(files, tables, strict=True):
        require_model(file, table, model_sha256)
    judged = [table[table["score"].notna()] for table in tables]
    total, found = sum(map(len, tables)), sum(map(len, judged))
    if not found:
        raise MonitoringError(f"{', '.join(map(str, files))}: no picture was judged")
    name = str(files[0]) if len(files) == 1 else f"{files[0]} and {len(files) - 1} more"
    not_scored = sum(map(count_not_scored, files, tables))
    return Scores(measures_of(judged), total - found, not_scored, name)


def read(file: Path) -> pd.DataFrame:
    """Reads one table; which it is says its name.

    Raises:
        MonitoringError: it is missing, or no table of scores.
    """
    if not file.exists():
        raise MonitoringError(f"there are no scores {file}")
    reader = read_parquet if file.is_dir() else READERS.get(file.suffix.lower())
    if reader is None:
        raise MonitoringError(f"{file}: expected a folder or file of Parquet, CSV or JSON, as score and predict write")
    try:
        table = reader(file)
    except (OSError, ValueError) as error:  # of the readers, whose own errors descend from them
        raise MonitoringError(f"cannot read {file}: {str(error).splitlines()[0]}") from error
    if missing := {"score", "model_sha256"} - set(table.columns):
        raise MonitoringError(f"{file} is no table of scores: it has no column {', '.join(sorted(missing))}")
    require_numbers(file, table)
    return table


def require_numbers(file: Path, table: pd.DataFrame) -> None:
    """Refuses measures that are no numbers.

    Raises:
        MonitoringError: there are such.
    """
    for name in NAMES:
        if name not in table.columns:
            continue
        values = table[name]
        wrong = values.notna() & ~np.isfinite(pd.to_numeric(values, errors="coerce").astype("float64"))
        if wrong.any():
            row = int(wrong.to_numpy().argmax())
            raise MonitoringError(
                f"{file}: row {row + 1}, column {name}: {values.astype(object).iloc[row]!r} is no number"
            )


def count_not_scored(file: Path, table: pd.DataFrame) -> int:
    """Counts the pictures that a scoring lists and its table lacks: it was interrupted, or is under way."""
    if not (file / ABOUT_FILE).is_file():
        return 0
    pictures = read_about(file).pictures
    if len(table) < pictures:
        logger.warning("%s is not finished: %d of %d pictures are scored", file, len(table), pictures)
    return max(0, pictures - len(table))


def read_parquet(file: Path) -> pd.DataFrame:
    """Reads the columns that are needed, of all parts."""
    import pyarrow.dataset as ds

    found = ds.dataset(sorted(map(str, file.glob("*.parquet"))) if file.is_dir() else file, format="parquet")
    table: pd.DataFrame = found.to_table(columns=[name for name in WANTED if name in found.schema.names]).to_pandas()
    return table


def read_csv(file: Path) -> pd.DataFrame:
    """Reads the columns that are needed."""
    kinds = {"model_sha256": str, "error": str}
    # Of a picture's name, which may be any bytes, nothing is wanted.
    return pd.read_csv(file, usecols=lambda name: name in WANTED, dtype=kinds, encoding_errors="replace")


def read_json(file: Path) -> pd.DataFrame:
    """Reads what `predict --json` writes: a picture's facts lie one level below its score."""
    content = artifacts.read_json(file)
    if not isinstance(content, list) or not all(map(is_picture, content)):
        raise ValueError("expected a list of pictures")
    rows: list[dict[str, Any]] = [{**one, **(one.get("facts") or {})} for one in content]
    return pd.DataFrame([{name: row.get(name) for name in WANTED} for row in rows], columns=list(WANTED))


def is_picture(content: Any) -> bool:
    """Whether a part of such a file can be a picture's."""
    return isinstance(content, dict) and isinstance(content.get("facts"), dict | None)


READERS: dict[str, Callable[[Path], pd.DataFrame]] = {".parquet": read_parquet, ".csv": read_csv, ".json": read_json}


def require_model(file: Path, table: pd.DataFrame, model_sha256: str) -> None:
    """Refuses scores that another model gave.

    Raises:
        MonitoringError: there are such.
    """
    others = sorted(set(table["model_sha256"].astype(str)) - {model_sha256})
    if others:
        raise MonitoringError(
            f"{file} was scored by another model ({others[0][:12]}) than the one that it is to be compared by "
            f"({model_sha256[:12]}): name that one with --model"
        )


def measures_of(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Puts tables together, with the measures that all of them have."""
    several = list(tables)
    known = [name for name in NAMES if all(name in table.columns for table in several)]
    together = pd.concat([table[known] for table in several], ignore_index=True)
    numbers: pd.DataFrame = together.apply(pd.to_numeric).astype("float64")
    return numbers
