"""What is left of a model's answers once pictures have been saved, resized or retouched: a grid of perturbations.

Every picture is read once; each of its variants is made, scored and dropped, so that neither disk nor memory grows with
the grid. The threshold and the calibration stay those of the untouched pictures.
"""

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unmask.artifacts import sha256_of_text
from unmask.errors import EvaluationError
from unmask.evaluation.judge import Judge
from unmask.evaluation.metrics import decide
from unmask.evaluation.paired import auc_parts, normal, standard_error
from unmask.evaluation.predict import Batch, Batches, Model, score_batch
from unmask.evaluation.report import cluster_numbers
from unmask.evaluation.shares import NOTHING, interval_of_share, wilson
from unmask.perturbations import PERTURBATIONS, Image, Perturbation, perturb
from unmask.records import FAKE, REAL

NONE = "none"  # the untouched pictures
COLUMNS = ["perturbation", "severity", "amount", "images", "accuracy_score", "accuracy_low", "accuracy_high"]
COLUMNS += ["roc_auc_score", "roc_auc_low", "roc_auc_high", "mean_score_shift"]
DIGITS = 6

Cell = tuple[str, int]  # perturbation and severity; ("none", 0) for the untouched pictures


def measure_grid(
    model: Model,
    batches: Batches,
    table: Mapping[str, Perturbation],
    *,
    judge: Judge,
    clusters: Mapping[str, str],
    seed: int,
) -> pd.DataFrame:
    """Scores every picture under every perturbation and severity.

    Args:
        model: images of the uint8 range in, logits (batch, 1) out.
        batches: images (batch, height, width, 3), uint8; labels; members. See `first_images`.
        table: perturbations by name.
        judge: how scores become answers.
        clusters: see `report.evaluate`.
        seed: of what is random in a perturbation. A picture's own draws depend on nothing but this and its name.

    Returns:
        One row for the untouched pictures and one for each perturbation and severity, with `COLUMNS`: accuracy at the
        threshold and area under the ROC curve, both with intervals, and how far the mean score moved.

    Raises:
        EvaluationError: there is no picture, or only of one class, or the model gave no finite logit.
    """
    cells: list[Cell] = [(NONE, 0)]
    cells += [(name, severity) for name, one in table.items() for severity in range(1, len(one.AMOUNTS) + 1)]
    scores: dict[Cell, list[NDArray[np.float64]]] = {cell: [] for cell in cells}
    labels: list[NDArray[np.int64]] = []
    members: list[str] = []
    batch_size = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for images, batch_labels, batch_members in batches:
            batch_size = max(batch_size, len(images))
            for cell in cells:
                change = partial(variant, perturbation=table.get(cell[0]), cell=cell, seed=seed)
                changed = np.stack(list(pool.map(change, images, batch_members)))
                raw = score_batch(model, changed, batch_members, batch_size=batch_size)
                scores[cell].append(judge.calibration.apply(raw))
            labels.append(np.asarray(batch_labels, dtype=np.int64))
            members.extend(batch_members)
    if not members or np.unique(np.concatenate(labels)).size < 2:
        raise EvaluationError("the robustness grid needs real and fake images: set evaluate.robustness_images higher")
    all_labels = np.concatenate(labels)
    numbers = cluster_numbers(members, clusters)
    plain = np.concatenate(scores[NONE, 0])
    rows = [
        {
            **about(cell, table),
            "images": len(members),
            **judged(all_labels, np.concatenate(scores[cell]), judge=judge, clusters=numbers),
            "mean_score_shift": float((np.concatenate(scores[cell]) - plain).mean()),
        }
        for cell in cells
    ]
    return pd.DataFrame(rows, columns=COLUMNS).round(DIGITS)


def variant(image: Image, member: str, *, perturbation: Perturbation | None, cell: Cell, seed: int) -> Image:
    """Changes one picture; its random draws depend on its name, the cell and the seed alone."""
    name, severity = cell
    if perturbation is None:
        return image
    draw = int(sha256_of_text(f"{seed} {name} {severity} {member}")[:16], 16)
    return perturb(image, perturbation, severity=severity, generator=np.random.default_rng(draw))


def about(cell: Cell, table: Mapping[str, Perturbation]) -> dict[str, object]:
    """Names a cell: the amount is empty for the untouched pictures."""
    name, severity = cell
    amount = table[name].AMOUNTS[severity - 1] if severity else None
    return {"perturbation": name, "severity": severity, "amount": amount}


def amount_text(perturbation: str, amount: float) -> str:
    """Spells what a severity means: "0.7 of the side kept"; the number alone for a perturbation that is no more."""
    unit = PERTURBATIONS[perturbation].UNIT if perturbation in PERTURBATIONS else ""
    return f"{amount:g} {unit}".rstrip()


def judged(
    labels: NDArray[np.int64], scores: NDArray[np.float64], *, judge: Judge, clusters: NDArray[np.int64]
) -> dict[str, float]:
    """Measures accuracy and area under the ROC curve, with intervals that count clusters, not images."""
    is_right = decide(scores, judge.threshold) == labels
    bounds = {
        "accuracy": interval_of_share(is_right, clusters, confidence=judge.confidence),
        "roc_auc": interval_of_area(labels, scores, clusters=clusters, confidence=judge.confidence),
    }
    return {
        key: value
        for name, (score, low, high) in bounds.items()
        for key, value in ((f"{name}_score", score), (f"{name}_low", low), (f"{name}_high", high))
    }


def interval_of_area(
    labels: NDArray[np.int64], scores: NDArray[np.float64], *, clusters: NDArray[np.int64], confidence: float
) -> tuple[float, float, float]:
    """Gives the area under the ROC curve with its bounds: DeLong's, or Wilson's where no image differs from another.

    An area of 1 has no spread to estimate an error from. It is then taken for a share of as many images as the rarer
    class has clusters.
    """
    area, parts = auc_parts(labels, scores)
    error = standard_error(parts, clusters=clusters, labels=labels)
    if error < NOTHING:
        count = min(np.unique(clusters[labels == label]).size for label in (REAL, FAKE))
        low, high = wilson(np.array([area]), np.array([count]), confidence=confidence)
        return area, float(low[0]), float(high[0])
    found = normal(area, error=error, confidence=confidence)
    return area, max(0.0, found.low), min(1.0, found.high)


def summary(grid: pd.DataFrame) -> dict[str, object]:
    """Says the grid in a few numbers.

    Args:
        grid: what `measure_grid` gave.

    Returns:
        Accuracy and area of the same pictures untouched, their means over all perturbed cells, and the cells of the
        lowest accuracy and of the lowest area.
    """
    perturbed, untouched = grid[grid["severity"] > 0], grid[grid["severity"] == 0].iloc[0]
    return {
        "images": int(grid["images"].iloc[0]),
        "untouched_accuracy_score": float(untouched["accuracy_score"]),
        "untouched_roc_auc_score": float(untouched["roc_auc_score"]),
        "mean_accuracy_score": round(float(perturbed["accuracy_score"].mean()), DIGITS),
        "mean_roc_auc_score": round(float(perturbed["roc_auc_score"].mean()), DIGITS),
        "worst": lowest(perturbed, "accuracy_score"),
        "worst_ranked": lowest(perturbed, "roc_auc_score"),
    }


def lowest(grid: pd.DataFrame, score: str) -> dict[str, object]:
    """Gives the cell in which a score is lowest."""
    cell = grid.iloc[int(grid[score].argmin())]
    return {
        "perturbation": str(cell["perturbation"]),
        "severity": int(cell["severity"]),
        "amount": float(cell["amount"]),
        "accuracy_score": float(cell["accuracy_score"]),
        "roc_auc_score": float(cell["roc_auc_score"]),
    }


def first_images(batches: Batches, *, count: int) -> Iterator[Batch]:
    """Cuts batches off after some images: shards are sorted by hash, so the first are a fair sample.

    Args:
        batches: see `measure_grid`.
        count: of the images, at most.
    """
    left = count
    for images, labels, members in batches:
        taken = min(left, len(members))
        if taken:
            yield images[:taken], labels[:taken], members[:taken]
        left -= taken
        if not left:  # before the next batch is read
            return
