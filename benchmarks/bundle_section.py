"""The part of docs/results.md that says what a bundle's engines make of real faces, from docs/bundles.json."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

BUNDLES = Path("docs/bundles.json")

OPENING = """## What the bundles' engines make of it

`export` packs a model for several engines ([detector.md](detector.md)). Each is held against Keras on pictures of every
split, and judges the test split; the network of 8 bits was fitted on training pictures. Differences are those to
`openvino` on the test split, speed is that of one JPEG to its verdict beside `openvino`'s in the same run: above 1 is
faster.
"""
COLUMNS = (
    *("model", "engine", "largest difference to Keras", "test accuracy", "ROC AUC", "largest difference"),
    *("mean difference", "labels that change", "MB", "speed"),
)
HEADING = f"| {' | '.join(COLUMNS)} |\n| --- | --- |{' --: |' * (len(COLUMNS) - 2)}"


def bundle_section(bundles: Mapping[str, Mapping[str, Any]]) -> str:
    """Writes the section.

    Args:
        bundles: the content of docs/bundles.json: what was exported to what was found.

    Returns:
        Markdown; empty where nothing was measured.
    """
    if not bundles:
        return ""
    rows = [
        line(name, engine, found["engines"][engine], found)
        for name, found in bundles.items()
        for engine in found["engines"]
    ]
    commands = "\n".join(f"{found['command']}  # {found['commit']}" for found in bundles.values())
    return "\n".join([OPENING, HEADING, *rows, "", f"```\n{commands}\n```", ""])


def line(name: str, engine: str, values: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """Writes one engine's line."""
    parity = "" if values["parity"] is None else f"{values['parity']:.1e} ({found['parity_pictures']} pictures)"
    quality = f"{values['accuracy']:.3f} | {values['roc_auc']:.3f}"
    cost = f"{values['largest_difference']:.1e} | {values['mean_difference']:.1e} | {values['changed']}"
    cost += f" of {found['images']}"
    return f"| {name} | {engine} | {parity} | {quality} | {cost} | {values['megabytes']:.1f} | {values['speed']:.2f} |"
