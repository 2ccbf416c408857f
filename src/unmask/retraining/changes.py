"""What is another than at a commit: parameters, data, models."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from unmask.config import flat_items
from unmask.errors import RetrainingError
from unmask.lineage.snapshot import Snapshot
from unmask.tracking.provenance import run_git

PARAMETERS = "params.yaml"
SOURCE = "data/raw/source.json"
FACTS = ("name", "version", "sha256", "bytes")


@dataclass(frozen=True)
class Change:
    """One value that is another than before; None on either side where it is not there."""

    name: str
    before: Any
    after: Any


def parameter_changes(root: Path, revision: str) -> list[Change]:
    """Compares `params.yaml` with a commit's.

    Args:
        root: the checkout.
        revision: a commit, branch or tag.

    Raises:
        RetrainingError: the commit's is no YAML.
    """
    try:
        before = yaml.safe_load(run_git(root, "show", f"{revision}:{PARAMETERS}") or "{}")
    except yaml.YAMLError as error:
        raise RetrainingError(f"{PARAMETERS} of {revision} cannot be read: give another --against") from error
    after = yaml.safe_load((root / PARAMETERS).read_text(encoding="utf-8"))
    return compare(dict(flat_items(before)), dict(flat_items(after)))


def data_changes(root: Path, revision: str) -> list[Change]:
    """Compares where the data came from with what a commit says; nothing where either cannot be read."""
    before, after = (state.read_json(SOURCE, {}).content for state in (Snapshot(root, revision), Snapshot(root)))
    if not before or not after:
        return []
    return compare({fact: before.get(fact) for fact in FACTS}, {fact: after.get(fact) for fact in FACTS})


def trained(stages: Sequence[str]) -> list[str]:
    """Names the models that were trained, of the stages that ran."""
    return [stage.removeprefix("train@") for stage in stages if stage.startswith("train@")]


def compare(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    """Lists what differs, in the order of the keys that are there now."""
    names = [*after, *(name for name in before if name not in after)]
    return [Change(name, before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)]


def spell(value: Any) -> str:
    """Spells a value for a table."""
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)
