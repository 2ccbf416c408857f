"""The pipeline at one moment: as a commit has it, or as it lies in the working tree."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from unmask.errors import LineageError
from unmask.tracking.provenance import run_git

LOCK = "dvc.lock"
WORKING_TREE = ""
TRAIN_STAGE = "train@"

Content = Mapping[str, Any]


@dataclass(frozen=True)
class Snapshot:
    """A state of the pipeline.

    Attributes:
        root: the checkout.
        revision: a commit's hash, or `WORKING_TREE`.
    """

    root: Path
    revision: str = WORKING_TREE

    @cached_property
    def stages(self) -> Content:
        """What `dvc.lock` says of each stage; empty where there is none, or it cannot be read."""
        if self.revision:
            text = run_git(self.root, "show", f"{self.revision}:{LOCK}")
        else:
            lock = self.root / LOCK
            text = lock.read_text(encoding="utf-8") if lock.exists() else None
        try:
            content = yaml.load(text or "", Loader=yaml.CSafeLoader)
        except yaml.YAMLError:
            return {}
        return content.get("stages", {}) if isinstance(content, dict) else {}

    @cached_property
    def files(self) -> Any:
        """Reads files of this state: from the working tree or git, else from DVC's cache, else from its remote."""
        from dvc.api import DVCFileSystem  # a second or two
        from dvc.exceptions import DvcException

        try:
            return DVCFileSystem(str(self.root), rev=self.revision or None)
        except DvcException as error:
            raise LineageError(f"{self.root} cannot be read as a DVC repository: {error}") from error

    def models(self) -> list[str]:
        """Names the models that were trained in this state."""
        return [name.removeprefix(TRAIN_STAGE) for name in self.stages if name.startswith(TRAIN_STAGE)]

    def digest(self, path: str) -> str:
        """Gives the MD5 by which `dvc.lock` knows an output; empty where it does not."""
        outputs = (output for stage in self.stages.values() for output in stage.get("outs", []))
        return next((str(output["md5"]) for output in outputs if output["path"] == path), "")

    def parameters(self, stage: str) -> Content:
        """Gives the parameters that a stage was run with, by file and section, as `dvc.lock` keeps them."""
        return dict(self.stages.get(stage, {}).get("params", {}).get("params.yaml", {}))

    def read(self, path: str) -> bytes | None:
        """Reads a file of this state; None where neither the checkout, the cache nor the remote has it."""
        try:
            return bytes(self.files.read_bytes(path))
        except Exception:  # noqa: BLE001 (what a cache or remote lacks raises errors of a dozen libraries)
            return None

    def read_json(self, path: str) -> Content:
        """Reads a JSON object of this state; empty where it cannot be had, or is damaged."""
        try:
            content = json.loads(self.read(path) or b"{}")
        except ValueError:
            return {}
        return content if isinstance(content, dict) else {}


def commits_naming(root: Path, digest: str) -> list[str]:
    """Lists the commits, of every branch and experiment, by which `dvc.lock` came to name a digest or ceased to.

    Returns:
        Hashes, the oldest first.
    """
    found = run_git(root, "log", "--all", "--reverse", f"-S{digest}", "--format=%H", "--", LOCK) if digest else None
    return (found or "").split()


def snapshots(root: Path) -> Iterator[Snapshot]:
    """Goes through the working tree, then every commit that changed `dvc.lock`, the newest first."""
    yield Snapshot(root)
    for commit in (run_git(root, "log", "--all", "--format=%H", "--", LOCK) or "").split():
        yield Snapshot(root, commit)
