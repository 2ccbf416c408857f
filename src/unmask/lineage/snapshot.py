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

DAMAGED = "damaged, or of another version: try dvc checkout"
PULL = "neither here, nor in DVC's cache, nor in its remote: try dvc pull"
EVERY = "*"  # in a shape: every key
LOCK_SHAPE = {
    "stages": {EVERY: {"outs": [{"path": str, "md5": str}], "params": {"params.yaml": {}}}},
}

Content = Mapping[str, Any]


@dataclass(frozen=True)
class Document:
    """A JSON object of a state.

    Attributes:
        content: empty where it cannot be had.
        missing: what it is then, as `PULL`; otherwise empty.
    """

    content: Content
    missing: str = ""


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
        try:
            text = run_git(self.root, "show", f"{self.revision}:{LOCK}") if self.revision else self.lock_of_tree()
            content = yaml.load(text or "", Loader=yaml.CSafeLoader)
        except (yaml.YAMLError, OSError):
            return {}
        return content.get("stages", {}) if fits(content, LOCK_SHAPE) else {}

    def lock_of_tree(self) -> bytes:
        """Reads the working tree's `dvc.lock`; empty where there is none."""
        lock = self.root / LOCK
        return lock.read_bytes() if lock.exists() else b""

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
        return next((output.get("md5", "") for output in outputs if output.get("path") == path), "")

    def parameters(self, stage: str) -> Content:
        """Gives the parameters that a stage was run with, by file and section, as `dvc.lock` keeps them."""
        return dict(self.stages.get(stage, {}).get("params", {}).get("params.yaml", {}))

    def read(self, path: str) -> bytes | None:
        """Reads a file of this state; None where neither the checkout, the cache nor the remote has it."""
        try:
            return bytes(self.files.read_bytes(path))
        except Exception:  # noqa: BLE001 (what a cache or remote lacks raises errors of a dozen libraries)
            return None

    def read_json(self, path: str, shape: Content) -> Document:
        """Reads a JSON object of this state, of a shape; see `fits`."""
        text = self.read(path)
        if text is None:
            return Document({}, PULL)
        try:
            content = json.loads(text)
        except (ValueError, RecursionError):
            return Document({}, DAMAGED)
        return Document(content) if fits(content, shape) else Document({}, DAMAGED)


def fits(content: Any, shape: Any) -> bool:
    """Tells whether content has a shape: the type of each key that it has; keys of neither are free.

    Example:
        >>> fits({"records": {"test": 3}, "model": "cnn"}, {"records": {EVERY: int}})
        True
    """
    if isinstance(shape, list):
        return isinstance(content, list) and all(fits(item, shape[0]) for item in content)
    if not isinstance(shape, dict):
        return isinstance(content, shape)
    return isinstance(content, dict) and all(
        fits(value, shape.get(key, shape.get(EVERY, object))) for key, value in content.items()
    )


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
