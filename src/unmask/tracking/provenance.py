"""Which commit a model comes from, and what no commit holds. Git may be absent: the answer is "unknown", no error."""

import hashlib
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

UNKNOWN = "unknown"
SOURCES = (":(top)src", ":(top)stages", ":(top)params.yaml", ":(top)dvc.yaml")
GIT_SECONDS = 10
# Whatever the user's git is set to, `git apply` must understand it.
PATCH = (
    *("diff", "--binary", "--unified=3", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames"),
    *("--src-prefix=a/", "--dst-prefix=b/"),
)
CHANGES_FILE = "changes.patch"  # of a run: what no commit holds of the code and parameters it began from


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

    Args:
        folder: where.
        arguments: of git.

    Returns:
        Its output without the last line's end, or None when git is absent, slow, or refuses.
    """
    output = git_output(folder, *arguments)
    return None if output is None else output.decode("utf-8", errors="replace").rstrip("\n")


def git_output(folder: Path, *arguments: str, is_difference: bool = False) -> bytes | None:
    """Runs git in a folder.

    Args:
        folder: where.
        arguments: of git.
        is_difference: whether git says by exit status 1 that it found differences.

    Returns:
        Its output, or None when git is absent, slow, or refuses.
    """
    command = ["git", "-C", str(folder), *arguments]
    try:
        result = subprocess.run(command, capture_output=True, timeout=GIT_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout if result.returncode in ((0, 1) if is_difference else (0,)) else None


def current_revision(folder: Path) -> Revision:
    """The commit that is checked out, and whether what the pipeline reads differs from it.

    `dvc.lock` does not count: the pipeline writes it while it runs.
    """
    commit = run_git(folder, "rev-parse", "HEAD")
    differing = run_git(folder, "status", "--porcelain", "--", *SOURCES)
    dirty = UNKNOWN if differing is None else str(bool(differing)).lower()
    return Revision(commit=commit or UNKNOWN, dirty=dirty)


def changes(folder: Path) -> bytes:
    """What the pipeline reads that the commit does not hold, as a patch: `git apply` brings it back, byte for byte.

    Args:
        folder: the root of the checkout.
    """
    patches = [git_output(folder, *PATCH, "HEAD", "--", *SOURCES)]
    new = git_output(folder, "ls-files", "-z", "--others", "--exclude-standard", "--", *SOURCES) or b""
    for name in new.split(b"\0")[:-1]:
        difference = ("--no-index", "--", os.devnull, os.fsdecode(name))
        patches.append(git_output(folder, *PATCH, *difference, is_difference=True))
    return b"".join(patch for patch in patches if patch)


def revision_of_output(folder: Path) -> Revision:
    """The commit whose `dvc.lock` first named a folder with this content; unknown where there is none.

    Args:
        folder: an output of the pipeline, inside the checkout.
    """
    commits = run_git(folder, "log", f"-S{dvc_digest(folder)}", "--format=%H", "--", ":(top)dvc.lock")
    if not commits:
        return Revision(commit=UNKNOWN, dirty=UNKNOWN)
    return Revision(commit=commits.splitlines()[-1], dirty="false")


def dvc_digest(folder: Path) -> str:
    """The digest that `dvc.lock` gives to a folder: the MD5 of the JSON list of its files' MD5s."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    entries = [{"md5": md5_of_file(path), "relpath": path.relative_to(folder).as_posix()} for path in files]
    entries.sort(key=lambda entry: entry["relpath"])
    return f"{hashlib.md5(json.dumps(entries, sort_keys=True).encode(), usedforsecurity=False).hexdigest()}.dir"


def md5_of_file(path: Path) -> str:
    """Hashes a file as DVC does."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
