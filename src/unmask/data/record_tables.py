"""Reading back the tables that `index` and `split` write: text stays text, also where it looks like a number."""

from pathlib import Path
from typing import Any

import pandas as pd

from unmask.errors import ArchiveError, EvaluationError, SplitError, UnmaskError
from unmask.records import COPY_COLUMNS, PREDICTION_COLUMNS, RECORD_COLUMNS, SPLIT_COLUMNS

# A hash such as 00000e10... would be read as a number, and a group named NA as missing.
COLUMN_TYPES = {
    "member": str,
    "label": int,
    "group": str,
    "upstream_split": str,
    "bytes": int,
    "sha256": str,
    "width": int,
    "height": int,
    "format": str,
    "mode": str,
    "score": float,
}


def read_records(path: Path) -> pd.DataFrame:
    """Reads `records.csv`.

    Returns:
        `records.RECORD_COLUMNS`.

    Raises:
        ArchiveError: the file is missing or no such table.
    """
    table = read_table(path, RECORD_COLUMNS, ArchiveError)
    quality = pd.to_numeric(table["jpeg_quality"].replace("", pd.NA))
    return table.assign(jpeg_quality=quality.astype("Int64"))


def read_split(path: Path) -> pd.DataFrame:
    """Reads a split's table, such as `train.csv`.

    Returns:
        `records.SPLIT_COLUMNS`.

    Raises:
        SplitError: the file is missing or no such table.
    """
    return read_table(path, SPLIT_COLUMNS, SplitError)


def read_copies(path: Path) -> pd.DataFrame:
    """Reads `copies.csv`.

    Returns:
        `records.COPY_COLUMNS`.

    Raises:
        SplitError: the file is missing or no such table.
    """
    return read_table(path, COPY_COLUMNS, SplitError)


def read_predictions(path: Path) -> pd.DataFrame:
    """Reads `predictions.csv`.

    Returns:
        `records.PREDICTION_COLUMNS`.

    Raises:
        EvaluationError: the file is missing or no such table.
    """
    return read_table(path, PREDICTION_COLUMNS, EvaluationError)


def read_external(path: Path) -> list[dict[str, Any]]:
    """Reads `external.csv`: a mapping a set, numbers as numbers, None for what a set of one class does not have.

    Raises:
        EvaluationError: the file is missing or no table.
    """
    try:
        table = pd.read_csv(path, converters={"set": str, "warning": str})  # a set called NA is no missing value
    except (OSError, ValueError) as error:
        raise EvaluationError(f"cannot read {path}: run `dvc repro evaluate_external`") from error
    return rows_of(table)


def read_curve(path: Path) -> list[dict[str, Any]]:
    """Reads the test split's scores, part by part: `verdict.Bin`'s low, high, images and fakes.

    Raises:
        EvaluationError: the file is missing or no such table.
    """
    columns = ["low", "high", "images", "fakes"]
    try:
        return rows_of(pd.read_csv(path, usecols=columns)[columns])
    except (OSError, ValueError) as error:
        raise EvaluationError(f"cannot read {path}: run `dvc repro evaluate`") from error


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Gives a mapping a row, as JSON can hold it: what is missing is None."""
    return [
        {str(name): None if pd.isna(value) else value for name, value in row.items()}
        for row in table.to_dict("records")
    ]


def read_table(path: Path, columns: tuple[str, ...], error_class: type[UnmaskError]) -> pd.DataFrame:
    """Reads a CSV table that has at least the given columns."""
    types = {column: COLUMN_TYPES.get(column, str) for column in columns}
    try:
        table = pd.read_csv(path, dtype=types, keep_default_na=False, usecols=list(columns))
    except FileNotFoundError as error:
        raise error_class(f"there is no table {path}") from error
    except OSError as error:
        raise error_class(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, UnicodeDecodeError) as error:
        raise error_class(f"{path} is not the table expected: {error}") from error
    return table[list(columns)]
