"""Which commit a model comes from. Git may be absent: then the answer is "unknown", never an error."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import yaml

UNKNOWN = "unknown"
SOURCES = ("src", "stages", "params.yaml", "dvc.yaml")
GIT_SECONDS = 10


@dataclass(frozen=True)
class Revision:
    """A state of the repository.

    Attributes:
        commit: the commit's hash, or "unknown".
        dirty: "true" when code or parameters differed from the commit, "false", or "unknown".
    """

    commit: str
    dirty: str


def run_git(folder: Path, *arguments: str) -> str | None:
    """Runs git in a folder.

    Returns:
        Its output without surrounding space, or None when git is absent, slow, or refuses.
    """
    command = ["git", "-C", str(folder), *arguments]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=GIT_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout.strip() if result.returncode == 0 else None


def current_revision(folder: Path) -> Revision:
    """The commit that is checked out, and whether what the pipeline reads differs from it.

    `dvc.lock` does not count: the pipeline writes it while it runs.
    """
    commit = run_git(folder, "rev-parse", "HEAD")
    changes = run_git(folder, "status", "--porcelain", "--", *SOURCES)
    dirty = UNKNOWN if changes is None else str(bool(changes)).lower()
    return Revision(commit=commit or UNKNOWN, dirty=dirty)


def revision_of_output(root: Path, output: str) -> Revision:
    """The commit whose `dvc.lock` first named an output as it is now; where there is none, the current revision.

    Args:
        root: the checkout.
        output: the output's path in `dvc.yaml`, such as `models/cnn`.
    """
    digest = digest_in_lock(root / "dvc.lock", output)
    commits = run_git(root, "log", f"-S{digest}", "--format=%H", "--", "dvc.lock") if digest else None
    if not commits:
        return current_revision(root)
    return Revision(commit=commits.splitlines()[-1], dirty="false")


def digest_in_lock(lock: Path, output: str) -> str | None:
    """The digest that `dvc.lock` gives for an output, or None."""
    try:
        content = yaml.safe_load(lock.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError):
        return None
    stages = content.get("stages", {}) if isinstance(content, dict) else {}
    outputs = [entry for stage in stages.values() for entry in stage.get("outs", [])]
    return next((str(entry["md5"]) for entry in outputs if entry.get("path") == output and "md5" in entry), None)
