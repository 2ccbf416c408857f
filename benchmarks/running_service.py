"""A real `unmask serve` in a process of its own, to be measured or attacked."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import memory
from benchmarks.workspace import MeasurementError
from unmask.environment import UNMASK_API_KEYS

HOST = "127.0.0.1"
COMMAND = (sys.executable, "-c", "from unmask.cli import main; main()", "serve", "--host", HOST, "--port", "0")
ADDRESS = re.compile(rf"http://{HOST}:(\d+)/")
START_SECONDS, LOOK_SECONDS, STOP_SECONDS = 120, 0.1, 40
LAST_CHARACTERS = 2000  # of what a service that ended has said


@dataclass(frozen=True)
class RunningService:
    """A service that answers.

    Attributes:
        process: `unmask serve`.
        port: of this machine, where it listens.
        log: what it has written to standard error.
    """

    process: "subprocess.Popen[bytes]"
    port: int
    log: Path

    @property
    def resident_bytes(self) -> int:
        """Gives the memory that it and its descendants hold."""
        return sum(memory.resident_bytes(member) for member in memory.tree(self.process.pid))

    @property
    def is_up(self) -> bool:
        """Whether its process still runs."""
        return self.process.poll() is None


@contextmanager
def running_service(bundle: Path, *, arguments: Sequence[str] = ()) -> Iterator[RunningService]:
    """Starts a service on a free port, waits until it listens, and ends it.

    Args:
        bundle: a folder.
        arguments: of `unmask serve`, beside the bundle and the address.

    Raises:
        MeasurementError: it ended before it listened.
    """
    environment = {key: value for key, value in os.environ.items() if key != UNMASK_API_KEYS}
    command = [*COMMAND, "--model", str(bundle.absolute()), *arguments]
    with TemporaryDirectory() as folder:
        log = Path(folder, "log.txt")
        with log.open("wb") as said, subprocess.Popen(command, env=environment, stderr=said) as process:
            try:
                yield RunningService(process, port_of(process, log), log)
            finally:
                stop(process)


def port_of(process: "subprocess.Popen[bytes]", log: Path) -> int:
    """Waits until a service says where it listens."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if found := ADDRESS.search(log.read_text(encoding="utf-8", errors="replace")):
            return int(found[1])
        time.sleep(LOOK_SECONDS)
    said = log.read_text(encoding="utf-8", errors="replace").strip()[-LAST_CHARACTERS:]
    raise MeasurementError(f"unmask serve did not start: {said}")


def stop(process: "subprocess.Popen[bytes]") -> None:
    """Tells a service to end, and ends it where it does not."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
