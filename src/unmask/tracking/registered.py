"""A detector out of MLflow's registry, by its alias."""

from pathlib import Path
from typing import TYPE_CHECKING

from unmask.environment import Environment
from unmask.errors import TrackingError
from unmask.tracking.session import ask

if TYPE_CHECKING:
    from unmask.tracking.runs import Runs

MANIFEST_FILE = "detector.json"
ALIAS_SIGN = "@"


def fetch_bundle(name: str, *, folder: Path, environment: Environment) -> Path:
    """Copies a registered detector's bundle.

    Args:
        name: NAME@ALIAS: "unmask@champion".
        folder: an empty one, for the copy.
        environment: where the store is.

    Returns:
        The bundle's folder.

    Raises:
        TrackingError: there is no such name or alias, its version has no bundle, or the store cannot be used.
    """
    from unmask.tracking.registry import DETECTOR

    entry, _, alias = name.partition(ALIAS_SIGN)
    if entry != DETECTOR:
        raise TrackingError(f"{name}: the registry's detector is {DETECTOR}, as in {DETECTOR}{ALIAS_SIGN}champion")
    version = ask(lambda runs: copy_version(runs, alias=alias, folder=folder), environment=environment, where_none="")
    if not version:
        raise TrackingError(f"{name}: no version has this alias; unmask promote makes a champion")
    found = sorted(folder.rglob(MANIFEST_FILE))
    if not found:
        raise TrackingError(f"{name}, version {version}, was registered without a bundle: promote it again")
    return found[0].parent


def copy_version(runs: "Runs", *, alias: str, folder: Path) -> str:
    """Copies the model that an alias names; gives its version, or nothing where the alias names none."""
    from unmask.tracking.registry import Registry

    registry = Registry(runs)
    version = registry.pointed(alias)
    if version:
        registry.fetch_model(version, folder=folder)
    return version
