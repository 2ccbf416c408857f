"""The part of docs/results.md that says which loss was found best, from docs/losses.json."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

LOSSES = Path("docs/losses.json")

OPENING = """## Which loss?

The stages `search_loss` and `choose_loss` train a model once a seed with each loss, with the same recipe, seeds, epochs
and images, and take each training's best epoch on the validation split. The spread is the standard deviation over
seeds. A loss that is no worse than the best by more than its spread counts as good; of those a proper one is taken, as
its scores are probabilities. The test split is not read.
"""


def loss_section(searches: Mapping[str, Mapping[str, Any]]) -> str:
    """Writes the section.

    Args:
        searches: the content of docs/losses.json: what was searched to what was found.

    Returns:
        Markdown; empty where nothing was searched.
    """
    if not searches:
        return ""
    return "\n".join([OPENING, *(table(name, search) for name, search in searches.items())])


def table(name: str, search: Mapping[str, Any]) -> str:
    """Lays one search out: a line a loss, the best first."""
    budget = search["budget"]
    seeds = ", ".join(str(seed) for seed in budget["seeds"])
    lines = [
        f"### {name}",
        "",
        f"Seeds {seeds}, {budget['epochs']} epochs of {budget['epoch_share']:.0%} of the images; commit "
        f"`{search['commit']}`.",
        "",
        "| loss | proper | validation ROC AUC | spread | |",
        "|---|---|--:|--:|---|",
    ]
    for loss in search["losses"]:
        proper, chosen = ("yes" if loss["is_proper"] else "no"), ("chosen" if loss["chosen"] else "")
        area = f"{loss['validation_roc_auc']:.3f} | {loss['spread']:.3f}"
        lines.append(f"| {loss['loss']} | {proper} | {area} | {chosen} |")
    return "\n".join([*lines, "", "```", search["command"], "```", ""])
