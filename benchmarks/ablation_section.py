"""The parts of docs/results.md that say what each choice of a recipe brings, and what more images do."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from unmask.evaluation.bootstrap import bounds_text

Row = Mapping[str, Any]

ABLATION = Path("docs/ablation.json")
KEY = ("data", "model", "recipe", "share")

OPENING = """## What each choice brings

ROC AUC on the **validation** split, with its 95% bootstrap interval: recipes were chosen by this table, and the test
split was not read for it. A line is one training of one seed, so that a difference well inside the intervals says
little. A recipe is the profile named, with the changes named. The best epoch is chosen on the same images, which
flatters every line, those of more epochs the more. Where a line above the profile's own is not the recipe, it was
within the intervals, and dearer or less of the model that it is named after.
"""

LIMITS = """What limits the recipes for `faces-140k-subset`, as these lines tell it: 1,120 images, which the profile's
two recipes learn by heart (training AUC above 0.99). What takes freedom away helps: edges in place of pixels, mirrored
images; the size of the cells hardly matters. What adds inputs or weights (pixels or residuals beside the edges, batch
normalisation, further stages of ResNet50) loses a little or much. Nothing costs as much as forgetting where in the face
something was seen: averaging over the positions, and the later stages of ResNet50. Blur and JPEG cost a little here and
are for pictures that this archive does not hold.

`faceswap`, with eight times the images, is another matter: edges alone are worse there than the paper's pixels, and
ResNet50 must average: with its maps flattened, 12,544 values of edges at the recipe's rate or 100,352 of pixels at
112 px, it gave every image the same answer from the first or second epoch on, and no line was kept.
"""

CHANCE, SILENT_WIDTH = 0.5, 0.01
SILENT = """A line at 0.500 of an interval with no width is a training that ended with the same answer for every image:
the paper's batch of 3 at a rate of 0.001 can lose all its units at once. Another seed may not; it stands as it
came out.
"""

CURVE = """## What more images bring

The same measure, trained on a share of the training images; a smaller share lies within a larger one. One training of
one seed a point: a line that still rises between the last two points may be expected, not known, to rise on with the
full set.
"""


def upsert(rows: Iterable[Row], measured: Row) -> list[Row]:
    """Replaces the line that was measured again, keeps the others, sorted by what was asked for."""
    kept = {key_of(row): row for row in [*rows, measured]}
    return [kept[key] for key in sorted(kept)]


def key_of(row: Row) -> tuple[str, ...]:
    """What was asked for."""
    return tuple(str(row[name]) for name in KEY)


def ablation_sections(rows: Sequence[Row]) -> list[str]:
    """Writes both sections.

    Args:
        rows: the content of docs/ablation.json.

    Returns:
        Markdown, a text a section; none for which nothing was measured.
    """
    whole = [row for row in rows if row["share"] == 1.0]
    in_part = {(row["data"], row["model"], row["recipe"]) for row in rows if row["share"] < 1.0}
    curves = [row for row in rows if (row["data"], row["model"], row["recipe"]) in in_part]
    sections = []
    if whole:
        sections.append(
            "\n".join([OPENING, *(choices(list(group)) for group in grouped(whole)), LIMITS, commands(rows)])
        )
    if curves:
        sections.append("\n".join([CURVE, *(curve(list(group)) for group in grouped(curves))]))
    return sections


def grouped(rows: Iterable[Row]) -> Iterable[list[Row]]:
    """Gathers the rows of one data set and model."""
    ordered = sorted(rows, key=lambda row: (row["data"], row["model"]))
    return (list(group) for _, group in groupby(ordered, key=lambda row: (row["data"], row["model"])))


def choices(rows: Sequence[Row]) -> str:
    """Lays out the recipes of one model, the best first."""
    lines = [f"### {rows[0]['data']}, {rows[0]['model']}, {rows[0]['images']:,} training images", ""]
    lines += ["| recipe | what it is | validation ROC AUC | epochs | minutes |", "|---|---|--:|--:|--:|"]
    for row in sorted(rows, key=lambda row: -row["value"]):
        minutes = "" if row["minutes"] is None else f"{row['minutes']:g}"
        lines.append(f"| {row['recipe']} | {row['note']} | {value_text(row)} | {row['epochs']} | {minutes} |")
    return "\n".join([*lines, ""])


def curve(rows: Sequence[Row]) -> str:
    """Lays out one model's recipes by the share of images they learnt from."""
    shares = sorted({row["share"] for row in rows})
    images = {row["share"]: row["images"] for row in rows}
    lines = [f"### {rows[0]['data']}, {rows[0]['model']}", ""]
    lines.append("| recipe | " + " | ".join(f"{share:.0%}: {images[share]:,} images" for share in shares) + " |")
    lines.append("|---|" + "--:|" * len(shares))
    for recipe in sorted({row["recipe"] for row in rows}):
        found = {row["share"]: value_text(row) for row in rows if row["recipe"] == recipe}
        lines.append(f"| {recipe} | " + " | ".join(found.get(share, "") for share in shares) + " |")
    if any(is_silent(row) for row in rows):
        lines += ["", SILENT]
    return "\n".join([*lines, ""])


def is_silent(row: Row) -> bool:
    """Whether a model gave all images about the same answer: chance, and an interval that holds to it."""
    return bool(row["high"] - row["low"] < SILENT_WIDTH and abs(row["value"] - CHANCE) < SILENT_WIDTH)


def commands(rows: Sequence[Row]) -> str:
    """Lists how each line is repeated."""
    lines = [f"{row['command']}  # {row['commit']}" for row in rows]
    return "\n".join(["Each line by its command, at its commit:", "", "```", *lines, "```", ""])


def value_text(row: Row) -> str:
    """Says one number with its interval."""
    return bounds_text(row["value"], row["low"], row["high"])
