"""The memory that a command and all its processes take at once, as Linux counts it."""

import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from benchmarks.workspace import MeasurementError

INTERVAL_SECONDS = 0.05
PROPORTIONAL = "Pss:"  # resident memory, each page shared out among the processes that hold it
RESIDENT = "VmRSS:"  # resident memory, whoever else holds the same pages
KIBIBYTE = 1024
PROC = Path("/proc")


@dataclass(frozen=True)
class Usage:
    """What a command took.

    Attributes:
        seconds: from its start to its end.
        peak_bytes: the most that it and its descendants held at one time.
    """

    seconds: float
    peak_bytes: int


def measure(command: Sequence[str], *, environment: Mapping[str, str]) -> Usage:
    """Runs a command and looks at its memory every few hundredths of a second.

    Args:
        command: a program and its arguments.
        environment: of the program.

    Returns:
        Its time and its peak.

    Raises:
        MeasurementError: it failed, or this system does not say what a process holds.
    """
    if not (PROC / "self" / "smaps_rollup").exists():
        raise MeasurementError("memory is measured by /proc/*/smaps_rollup, which only Linux has")
    started = time.monotonic()
    peak_bytes = 0
    with TemporaryFile() as errors, subprocess.Popen(command, env=environment, stderr=errors) as process:
        while process.poll() is None:
            peak_bytes = max(peak_bytes, sum(held_bytes(member) for member in tree(process.pid)))
            time.sleep(INTERVAL_SECONDS)
        seconds = time.monotonic() - started
        errors.seek(0)
        message = errors.read().decode(errors="replace")
    if process.returncode:
        raise MeasurementError(f"{' '.join(command)} failed with {process.returncode}: {message.strip()}")
    return Usage(seconds=seconds, peak_bytes=peak_bytes)


def tree(process: int) -> Iterator[int]:
    """Gives a process and its descendants."""
    yield process
    for children in sorted((PROC / str(process) / "task").glob("*/children")):
        for child in read(children).split():
            yield from tree(int(child))


def held_bytes(process: int) -> int:
    """Gives the memory of one process, its share of what it shares; 0 when it has ended."""
    return stated_bytes(PROC / str(process) / "smaps_rollup", field=PROPORTIONAL)


def resident_bytes(process: int) -> int:
    """Gives the memory of one process, all that it shares included, so that others' ends do not change it; or 0."""
    return stated_bytes(PROC / str(process) / "status", field=RESIDENT)


def stated_bytes(path: Path, *, field: str) -> int:
    """Reads a size from a file of a process; 0 when the process has ended."""
    for line in read(path).splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * KIBIBYTE
    return 0


def read(path: Path) -> str:
    """Reads a file of a process; nothing when the process has ended."""
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return ""
