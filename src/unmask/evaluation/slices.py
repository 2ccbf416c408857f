"""On which images of the test split a model does worse: slices by all that is known of the images."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unmask.evaluation.judge import Judge
from unmask.evaluation.metrics import decide
from unmask.evaluation.paired import auc_parts
from unmask.evaluation.shares import interval_of_share
from unmask.records import FAKE, LABEL_NAMES, REAL

COLUMNS = ["column", "slice", "images", "real", "fake", "accuracy_score", "accuracy_low", "accuracy_high"]
COLUMNS += ["roc_auc_score", "is_worse"]
NAMES = ("sha256",)  # an image's own: no two share one
MOST_VALUES = 12  # numbers that are more than these are cut into quarters, texts left out
QUARTERS = (0.25, 0.5, 0.75)
DIGITS = 6
NOTHING = "none"


def slices_of(records: pd.DataFrame, *, brightness: Mapping[str, float]) -> pd.DataFrame:
    """Sorts images into slices.

    Args:
        records: `records.RECORD_COLUMNS`, and whatever else is known of each image.
        brightness: member to the mean luminance of what the model sees of it, [0, 255]; others are left out.

    Returns:
        A row an image, indexed by its member; a column for each that tells images apart, of texts.
    """
    known = records[records["member"].isin(list(brightness))].set_index("member")
    size = known["width"].astype(str) + " x " + known["height"].astype(str)
    own = known.drop(columns=[*NAMES, "width", "height"])
    own = own.assign(label=own["label"].map(LABEL_NAMES), size=size, brightness=known.index.map(brightness))
    cut = {str(name): in_slices(column) for name, column in own.items()}
    return pd.DataFrame({name: column for name, column in cut.items() if 1 < column.nunique() <= MOST_VALUES})


def in_slices(column: pd.Series) -> pd.Series:
    """Names each value's slice: itself, or for many different numbers the quarter it lies in."""
    is_number = pd.api.types.is_numeric_dtype(column)
    if is_number and column.nunique() > MOST_VALUES:
        values = column.astype("Float64").astype(float)
        edges = sorted(set(values.quantile(list(QUARTERS))))
        spelt = [f"{edge:,.6g}" if abs(edge) < 1e5 else f"{edge:,.0f}" for edge in edges]
        names = [f"up to {spelt[0]}", *(f"{low} to {high}" for low, high in pairwise(spelt)), f"above {spelt[-1]}"]
        quarters = pd.cut(values, [-np.inf, *edges, np.inf], labels=False)
        column = quarters.map(dict(enumerate(names)))
    texts = column.astype("string").fillna("")
    return texts.where(texts != "", NOTHING)


def measure_slices(predictions: pd.DataFrame, slices: pd.DataFrame, *, judge: Judge, least_images: int) -> pd.DataFrame:
    """Judges a model on each slice.

    With many slices some look bad by chance: confidence is Bonferroni's, so that with the judge's own the intervals of
    all slices of enough images hold at once, and none of them is called worse by chance. See `is_worse`.

    Args:
        predictions: `records.PREDICTION_COLUMNS`, of the test split.
        slices: what `slices_of` gave for its images.
        judge: how scores become answers.
        least_images: a slice of fewer comes last, and none of them counts as worse.

    Returns:
        `COLUMNS`, the lowest accuracy first; no area where a slice has one class alone.
    """
    table = predictions[predictions["member"].isin(slices.index)]
    is_right = decide(table["score"].to_numpy(), judge.threshold) == table["label"].to_numpy()
    clusters = np.unique(table["cluster"].to_numpy(dtype=str), return_inverse=True)[1].astype(np.int64)
    parts = list(parts_of(slices.loc[table["member"]]))
    num_judged = sum(bool(inside.sum() >= least_images) for _, _, inside in parts)
    confidence = 1 - (1 - judge.confidence) / max(num_judged, 1)
    rows = []
    for column, name, inside in parts:
        is_large = int(inside.sum()) >= least_images
        share, low, high = interval_of_share(is_right[inside], clusters[inside], confidence=confidence)
        accuracy = {"accuracy_score": share, "accuracy_low": low, "accuracy_high": high}
        worse = is_large and is_worse(is_right, clusters, inside=inside, confidence=confidence)
        about = {"column": column, "slice": name, "is_large": is_large, "is_worse": worse}
        rows.append({**about, **counted(table[inside]), **accuracy})
    found = pd.DataFrame(rows, columns=[*COLUMNS, "is_large"])
    ranked = found.sort_values(["is_large", "accuracy_score", "column", "slice"], ascending=[False, True, True, True])
    return ranked[COLUMNS].round(DIGITS).reset_index(drop=True)


def parts_of(slices: pd.DataFrame) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    """Lists the slices: column, name, and (images,) whether each image is in it."""
    for column in slices.columns:
        names = slices[column].to_numpy()
        for name in sorted(set(names)):
            yield str(column), str(name), np.asarray(names == name)


def is_worse(
    is_right: NDArray[np.bool_], clusters: NDArray[np.int64], *, inside: NDArray[np.bool_], confidence: float
) -> bool:
    """Whether a slice is judged worse than all other images, by the interval of the two accuracies' difference.

    Source: Newcombe 1998, "Interval estimation for the difference between independent proportions", method 10.
    """
    if inside.all():
        return False
    share, _, high = interval_of_share(is_right[inside], clusters[inside], confidence=confidence)
    other, low, _ = interval_of_share(is_right[~inside], clusters[~inside], confidence=confidence)
    return other - share > float(np.hypot(other - low, high - share))


def counted(table: pd.DataFrame) -> dict[str, float | int | None]:
    """Counts a slice's images, and measures how well its classes are told apart."""
    labels = table["label"].to_numpy(dtype=np.int64)
    num_reals, num_fakes = int((labels == REAL).sum()), int((labels == FAKE).sum())
    area = auc_parts(labels, table["score"].to_numpy())[0] if num_reals and num_fakes else None
    return {"images": len(table), "real": num_reals, "fake": num_fakes, "roc_auc_score": area}
