"""Processes that measure when they are asked."""

import sys

import pytest
from benchmarks.rate_client import started
from benchmarks.workspace import MeasurementError

SERVER = (
    "from benchmarks.rate_server import serve; rates = iter([1.5, 2.5]); serve(lambda: next(rates), about='a test')"
)


def test_a_process_says_what_it_measures_with_and_measures_when_asked():
    with started([sys.executable, "-c", SERVER], environment={}) as process:
        assert process.about == "a test"
        assert [process(), process()] == [1.5, 2.5]
    assert process.process.poll() is not None


def test_a_process_that_ends_is_told_with_its_last_words():
    command = [sys.executable, "-c", "raise SystemExit('no memory')"]
    with pytest.raises(MeasurementError, match="ended: no memory"), started(command, environment={}):
        pass
