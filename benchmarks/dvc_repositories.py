"""The two ways to keep the same images with DVC: as this pipeline does, few and big files; or loose, one file each.

Both are clones of this checkout with DVC's own defaults (its cache inside the clone, files copied between cache and
workspace), a cache of states of their own and a remote that is a folder.
"""

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import yaml

from benchmarks import generated_jpegs, workspace
from benchmarks.workspace import MeasurementError

PROFILE = "paper"  # at 256 px, which keeps the images' own bytes
NOTHING_TO_DO = "Data and pipelines are up to date."
LAST_LINES = 20


@dataclass(frozen=True)
class Repository:
    """A clone whose pipeline DVC runs.

    Attributes:
        folder: the clone.
        remote: its DVC remote, a folder.
        target: the last stage of its pipeline.
    """

    folder: Path
    remote: Path
    target: str


@dataclass(frozen=True)
class Run:
    """What one call of DVC took and said.

    Attributes:
        seconds: from start to exit.
        stages: seconds of each stage that ran, with the keeping of its outputs.
        text: its output.
    """

    seconds: float
    stages: dict[str, float]
    text: str


def packed(folder: Path, *, archive: Path, checkout: Path) -> Repository:
    """Makes the clone that runs this pipeline up to `preprocess`."""
    return prepare(folder, archive=archive, checkout=checkout, target="preprocess")


def loose(folder: Path, *, archive: Path, checkout: Path) -> Repository:
    """Makes the clone that unpacks the archive and keeps loose files.

    Its stages `index` and `split` are the pipeline's own, so that both make the same checks; they depend on the
    files, as they must, but read the zip, which is the faster way. It needs no `preprocess`: training reads the files.
    """
    repository = prepare(folder, archive=archive, checkout=checkout, target="split")
    source = folder / "source"
    generated_jpegs.link_as_raw(archive, source)
    definition = folder / "dvc.yaml"
    stages = yaml.safe_load(definition.read_text(encoding="utf-8"))["stages"]
    stages = {name: stages[name] for name in ("download", "index", "split")}
    stages["download"]["cmd"] = f"python -m zipfile -e {shlex.quote(str(archive.absolute()))} data/raw"
    for name in ("index", "split"):
        stages[name]["cmd"] = stages[name]["cmd"].replace("--raw data/raw", "--raw source")
    definition.write_text(yaml.safe_dump({"stages": stages}, sort_keys=False), encoding="utf-8")
    return repository


def prepare(folder: Path, *, archive: Path, checkout: Path, target: str) -> Repository:
    """Makes a clone with an empty cache, its parameters and an empty remote."""
    shutil.rmtree(folder, ignore_errors=True)
    workspace.prepare(folder, checkout=checkout)
    repository = Repository(folder, folder.with_name(f"{folder.name}-remote"), target)
    use_archive(repository, archive)
    (folder / "dvc.lock").unlink(missing_ok=True)
    empty_remote(repository)
    run(repository, "remote", "add", "--local", "--default", "local", str(repository.remote.absolute()))
    return repository


def use_archive(repository: Repository, archive: Path) -> None:
    """Points the clone's parameters at an archive."""
    changes = {"download.source": "archive", "download.archive": str(archive.absolute())}
    workspace.write_parameters(repository.folder, profile=PROFILE, changes=changes)


def empty_remote(repository: Repository) -> None:
    """Empties the remote."""
    shutil.rmtree(repository.remote, ignore_errors=True)
    repository.remote.mkdir(parents=True)


def forget_data(repository: Repository) -> None:
    """Takes the clone back to what git alone would bring: no data, no cache, no memory of either."""
    for name in ("data", ".dvc/cache", ".dvc/tmp", ".dvc/site"):
        shutil.rmtree(repository.folder / name, ignore_errors=True)


def run(repository: Repository, *words: str) -> Run:
    """Calls DVC in the clone, after what was written before has reached the disk.

    Raises:
        MeasurementError: it failed; the message has its last lines.
    """
    os.sync()
    started = time.monotonic()
    begun: dict[str, float] = {}
    lines = []
    environment = {**workspace.surroundings(repository.folder), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [sys.executable, "-m", "dvc", *words],
        cwd=repository.folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        for line in process.stdout or ():
            lines.append(line)
            if line.startswith("Running stage '"):
                begun[line.split("'")[1]] = time.monotonic()
    ended = time.monotonic()
    text = "".join(lines)
    if process.returncode:
        shown = "".join(lines[-LAST_LINES:])
        raise MeasurementError(f"dvc {' '.join(words)} failed with {process.returncode}:\n{shown}")
    moments = [*begun.values(), ended]
    stages = {name: end - begin for name, (begin, end) in zip(begun, pairwise(moments), strict=True)}
    return Run(ended - started, stages, text)


def reproduce(repository: Repository) -> Run:
    """Runs the pipeline."""
    return run(repository, "repro", repository.target)


def reproduce_nothing(repository: Repository) -> float:
    """Runs the pipeline when there is nothing to do.

    Returns:
        Seconds.

    Raises:
        MeasurementError: there was something to do.
    """
    done = reproduce(repository)
    if NOTHING_TO_DO not in done.text:
        raise MeasurementError(f"dvc repro was to find nothing to do:\n{done.text}")
    return done.seconds


def push_last_stage(repository: Repository) -> float:
    """Pushes the outputs of the last stage; returns seconds."""
    return run(repository, "push", repository.target).seconds


def push_all(repository: Repository) -> float:
    """Pushes what the remote lacks of all stages; returns seconds.

    Raises:
        MeasurementError: the remote does not hold what the cache holds.
    """
    seconds = run(repository, "push", "--with-deps", repository.target).seconds
    if stored(repository.remote) != stored(cache_of(repository)):
        raise MeasurementError(f"dvc push left {repository.remote} different from the cache")
    return seconds


def pull_last_stage(repository: Repository) -> float:
    """Pulls the outputs of the last stage; returns seconds."""
    return run(repository, "pull", repository.target).seconds


def pull_all(repository: Repository) -> float:
    """Pulls what the workspace lacks of all stages; returns seconds.

    Raises:
        MeasurementError: something is missing afterwards.
    """
    seconds = run(repository, "pull", "--with-deps", repository.target).seconds
    reproduce_nothing(repository)
    return seconds


def cache_of(repository: Repository) -> Path:
    """Gives the folder of the clone's cache."""
    return repository.folder / ".dvc" / "cache"


def stored(place: Path) -> dict[str, int]:
    """Lists what a cache or a remote holds.

    Returns:
        Path below `files/md5` to bytes. DVC's records of past runs are left out.
    """
    return dict(list_files(place / "files" / "md5"))


def list_files(folder: Path, prefix: str = "") -> Iterator[tuple[str, int]]:
    """Gives each file below a folder, with its bytes."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from list_files(Path(entry.path), f"{prefix}{entry.name}/")
            else:
                yield f"{prefix}{entry.name}", entry.stat().st_size
