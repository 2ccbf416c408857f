"""A clone of this checkout in which the pipeline runs with other parameters, its cached stages kept between calls."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from unmask import config
from unmask.errors import UnmaskError


class MeasurementError(UnmaskError):
    """A measurement cannot be made as asked."""


def prepare(folder: Path, *, checkout: Path) -> str:
    """Brings a clone of the checkout to the checkout's commit, so that what is measured is what a commit holds.

    The clone keeps its own dvc.lock, which says what its outputs were made of: DVC runs again what that no longer fits.

    Args:
        folder: the clone; made where it is missing.
        checkout: what to clone. Its uncommitted changes are left out.

    Returns:
        The commit, in full.
    """
    commit = output_of("git", "rev-parse", "HEAD", folder=checkout)
    if not (folder / ".git").exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        output_of("git", "clone", "--quiet", "--no-checkout", str(checkout), str(folder.absolute()), folder=checkout)
    lock = folder / "dvc.lock"
    known = lock.read_bytes() if lock.exists() else None
    output_of("git", "fetch", "--quiet", str(checkout), commit, folder=folder)
    output_of("git", "checkout", "--quiet", "--force", "--detach", commit, folder=folder)
    if known is not None:
        lock.write_bytes(known)
    return commit


def write_parameters(folder: Path, *, profile: str, changes: Mapping[str, Any]) -> config.Config:
    """Makes the clone's params.yaml from a profile.

    Args:
        folder: the clone.
        profile: the name of a file in `profiles/`.
        changes: dotted keys and their values: {"train.cnn.recipe.epochs": 3}.

    Returns:
        The checked parameters.

    Raises:
        MeasurementError: there is no such profile, or it has no such key.
        ConfigError: a value is not valid.
    """
    source = folder / "profiles" / f"{profile}.yaml"
    if not source.exists():
        names = ", ".join(sorted(file.stem for file in source.parent.glob("*.yaml")))
        raise MeasurementError(f"unknown profile {profile!r}; there are: {names}")
    content = yaml.safe_load(source.read_text(encoding="utf-8"))
    for key, value in changes.items():
        change(content, key=key, value=value)
    target = folder / "params.yaml"
    target.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return config.load(target)


def change(content: dict[str, Any], *, key: str, value: Any) -> None:
    """Sets one value in nested mappings, by its dotted key."""
    *sections, last = key.split(".")
    for section in sections:
        content = content.get(section, {}) if isinstance(content, dict) else {}
    if not isinstance(content, dict) or last not in content:
        raise MeasurementError(f"the profile has no key {key!r}")
    content[last] = value


def reproduce(folder: Path, target: str) -> float | None:
    """Runs the pipeline up to one stage, showing what it says.

    Args:
        folder: the clone.
        target: a stage: "preprocess", "train@cnn".

    Returns:
        The minutes it took, or None where the stage itself did not run because DVC had its output.

    Raises:
        MeasurementError: a stage failed.
    """
    started = time.monotonic()
    command = [sys.executable, "-m", "dvc", "repro", target]
    with subprocess.Popen(command, cwd=folder, env=surroundings(folder), stdout=subprocess.PIPE, text=True) as process:
        lines = []
        for line in process.stdout or ():
            sys.stdout.write(line)
            lines.append(line)
    if process.returncode:
        raise MeasurementError(f"dvc repro {target} failed with {process.returncode}; its message is above")
    has_run = any(line.startswith(f"Running stage '{target}'") for line in lines)
    return round((time.monotonic() - started) / 60, 1) if has_run else None


def surroundings(folder: Path) -> dict[str, str]:
    """Gives the environment in which a clone's stages run the clone's code with this interpreter."""
    place = folder.absolute()
    return {
        **os.environ,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        # The installed package is the checkout's, which may have moved on since the clone's commit.
        "PYTHONPATH": str(place / "src"),
        # DVC's cache of states outside the repository is shared by all repositories of a machine.
        "DVC_SITE_CACHE_DIR": str(place / ".dvc" / "site"),
    }


def output_of(*command: str, folder: Path) -> str:
    """Runs a command and gives what it wrote, without the last line's end."""
    arguments: Sequence[str] = command
    done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MeasurementError(f"{' '.join(command)} failed: {done.stderr.strip()}")
    return done.stdout.strip()
