"""Counts that show at a glance whether a set is balanced, and whether a class could be told by its file format."""

from typing import Any

import pandas as pd

from unmask.records import LABEL_NAMES


def summarize(records: pd.DataFrame, rejects: pd.DataFrame, *, num_ignored: int) -> dict[str, Any]:
    """Counts an index.

    A class that differs from the other in format, size, mode or quality can be told without looking at the face.

    Args:
        records: `records.RECORD_COLUMNS`.
        rejects: `records.REJECT_COLUMNS`.
        num_ignored: files of the archive that are no images by rule.

    Returns:
        Counts, ready for JSON: of the whole, and under `classes` of each class.
    """
    return {
        "images": len(records),
        "rejects": len(rejects),
        "reject_reasons": count(rejects["reason"]),
        "ignored_files": num_ignored,
        "groups": int(records.loc[records["group"] != "", "group"].nunique()),
        "classes": summarize_classes(records),
    }


def summarize_classes(records: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Counts the records of each class."""
    return {name: summarize_class(records[records["label"] == label]) for label, name in LABEL_NAMES.items()}


def summarize_class(records: pd.DataFrame) -> dict[str, Any]:
    """Counts the records of one class."""
    sizes = records["width"].astype(str) + "x" + records["height"].astype(str)
    return {
        "images": len(records),
        "mean_bytes": round(float(records["bytes"].mean())),
        "upstream_splits": count(records["upstream_split"].replace("", "none")),
        "formats": count(records["format"]),
        "modes": count(records["mode"]),
        "sizes": count(sizes),
        "jpeg_qualities": count(records["jpeg_quality"].dropna()),
    }


def count(values: pd.Series) -> dict[str, int]:
    """Counts each value that occurs, as text."""
    return {str(value): int(number) for value, number in values.value_counts().items()}
