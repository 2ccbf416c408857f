"""Asks processes that measure: the other end of `rate_server`."""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO

from benchmarks.workspace import MeasurementError

LAST_CHARACTERS = 2000  # of what a process that failed has said


class RateProcess:
    """A process that is ready, or getting so."""

    def __init__(self, command: Sequence[str], process: "subprocess.Popen[str]", *, said: IO[str]) -> None:
        """Waits until it is ready.

        Args:
            command: what it was started by, for errors.
            process: with pipes for its input and output.
            said: what it writes as errors goes here.
        """
        self.command, self.process, self.said = command, process, said
        self.about = self.answer()

    def __call__(self) -> float:
        """Has the process measure once."""
        if self.process.stdin is not None:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        return float(self.answer())

    def answer(self) -> str:
        """Reads a line.

        Raises:
            MeasurementError: the process ended; its last words are in the message.
        """
        line = self.process.stdout.readline().strip() if self.process.stdout is not None else ""
        if not line:
            self.said.seek(0)
            raise MeasurementError(f"{' '.join(self.command)} ended: {self.said.read().strip()[-LAST_CHARACTERS:]}")
        return line


@contextmanager
def started(command: Sequence[str], *, environment: Mapping[str, str]) -> Iterator[RateProcess]:
    """Starts a process, waits until it is ready, and ends it.

    Args:
        command: a program that calls `rate_server.serve`.
        environment: variables beside this process's own.

    Yields:
        What measures when it is called.
    """
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as said,
        subprocess.Popen(
            command,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        ) as process,
    ):
        try:
            yield RateProcess(command, process, said=said)
        finally:
            process.kill()
