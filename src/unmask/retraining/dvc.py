"""DVC's commands, as a person would run them in the checkout."""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from unmask.errors import RetrainingError
from unmask.tracking.store import redact

DVC = (sys.executable, "-m", "dvc")
RUNNING = re.compile(r"^Running stage '([^']+)'", re.MULTILINE)
LAST_LINES = 12  # of what a command that failed has said


def run(root: Path, *arguments: str) -> str:
    """Runs DVC, and shows what it says as it says it.

    Args:
        root: the checkout.
        arguments: of DVC.

    Returns:
        What it said.

    Raises:
        RetrainingError: it failed; its last lines are in the message.
    """
    command = [*DVC, *arguments]
    lines: list[str] = []
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            for line in map(redact, process.stdout or ()):  # a remote's address may hold a password
                lines.append(line)
                sys.stderr.write(line)
        except BaseException:  # ended from outside: so are DVC and its stage, which would go on for hours
            process.terminate()
            raise
    if process.returncode:
        raise RetrainingError(f"dvc {arguments[0]} failed:\n{''.join(lines[-LAST_LINES:]).rstrip()}")
    return "".join(lines)


def reproduce(root: Path) -> Sequence[str]:
    """Brings the pipeline up to date.

    Returns:
        The stages that ran, in order; one whose outputs DVC had kept from an earlier run did not.

    Raises:
        RetrainingError: a stage failed.
    """
    return RUNNING.findall(run(root, "repro"))


def has_remote(root: Path) -> bool:
    """Whether the checkout names a remote that is used unasked."""
    from dvc.repo import Repo

    with Repo(str(root)) as repo:
        return bool(repo.config["core"].get("remote"))
