"""What a command and its processes take."""

import os
import sys

import pytest
from benchmarks.memory import measure, resident_bytes
from benchmarks.workspace import MeasurementError

# More than a pipe holds; whoever waits for it to be read is ended after five seconds.
TALKATIVE = "import signal, sys; signal.alarm(5); sys.stderr.write('x' * 1_000_000)"


def test_a_command_that_complains_at_length_is_measured() -> None:
    assert measure([sys.executable, "-c", TALKATIVE], environment={}).peak_bytes > 0


def test_a_command_that_fails_is_told_with_its_last_words() -> None:
    with pytest.raises(MeasurementError, match="failed with 1: no memory"):
        measure([sys.executable, "-c", "raise SystemExit('no memory')"], environment={})


def test_memory_that_is_taken_is_seen() -> None:
    before = resident_bytes(os.getpid())
    taken = b"a" * 50_000_000
    assert 45_000_000 < resident_bytes(os.getpid()) - before < 80_000_000
    assert len(taken) == 50_000_000
    assert resident_bytes(2**30) == 0
