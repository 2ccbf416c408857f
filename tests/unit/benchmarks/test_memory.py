"""What a command and its processes take."""

import sys

import pytest
from benchmarks.memory import measure
from benchmarks.workspace import MeasurementError

# More than a pipe holds; whoever waits for it to be read is ended after five seconds.
TALKATIVE = "import signal, sys; signal.alarm(5); sys.stderr.write('x' * 1_000_000)"


def test_a_command_that_complains_at_length_is_measured() -> None:
    assert measure([sys.executable, "-c", TALKATIVE], environment={}).peak_bytes > 0


def test_a_command_that_fails_is_told_with_its_last_words() -> None:
    with pytest.raises(MeasurementError, match="failed with 1: no memory"):
        measure([sys.executable, "-c", "raise SystemExit('no memory')"], environment={})
