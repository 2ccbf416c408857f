"""Work spread over processes; the functions are Python's own, as a spawned process cannot import this file."""

import itertools
import multiprocessing
import operator
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from unmask.data.parallel import QUEUED_PER_WORKER, count_workers, in_chunks, map_in_order
from unmask.errors import WorkerError

WORK = """
import time
from unmask.data.parallel import map_in_order
if __name__ == "__main__":
    for result in map_in_order(time.sleep, [0.1] * 100_000, workers=2):
        print("one", flush=True)
"""
END_SECONDS = 60


@pytest.mark.parametrize("workers", [1, 2])
def test_results_keep_the_order_of_the_chunks(workers: int) -> None:
    # The first takes some hundred times as long as the others; sum(range(n)) is n(n - 1) / 2.
    lengths = [3_000_000, 1, 2, 3, 4]
    sums = list(map_in_order(sum, [range(length) for length in lengths], workers=workers))
    assert sums == [length * (length - 1) // 2 for length in lengths]


def test_one_worker_is_this_process() -> None:
    here = os.getpid()
    assert list(map_in_order(lambda chunk: (chunk, os.getpid()), [1], workers=1)) == [(1, here)]


def test_only_a_few_chunks_wait_for_each_worker() -> None:
    taken = []

    def endless() -> Iterator[int]:
        for number in itertools.count():
            taken.append(number)
            yield number

    results = map_in_order(operator.neg, endless(), workers=2)
    assert [next(results), next(results)] == [0, -1]
    assert len(taken) <= 2 * QUEUED_PER_WORKER + 2
    results.close()  # ends the processes, without the chunks that wait


def test_a_worker_that_dies_is_an_error_and_not_a_wait_for_ever() -> None:
    with pytest.raises(WorkerError, match=r"one of 2 processes died, most likely for lack of memory: .* fewer workers"):
        list(map_in_order(os._exit, [1, 1, 1], workers=2))


def test_workers_end_when_the_process_that_hands_out_the_work_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "work.py"
    script.write_text(WORK)
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE) as parent:
        parent.stdout.readline()
        children = psutil.Process(parent.pid).children(recursive=True)
        parent.kill()
    try:
        assert len(children) == 3  # two workers, and what Python tracks shared memory with
        _, alive = psutil.wait_procs(children, timeout=END_SECONDS)
        assert alive == []
    finally:
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.kill()


def test_no_more_processes_start_than_there_are_chunks() -> None:
    results = map_in_order(operator.neg, [1], workers=8)
    assert next(results) == -1
    assert len(multiprocessing.active_children()) == 1
    assert list(results) == []
    assert multiprocessing.active_children() == []
    assert list(map_in_order(operator.neg, [], workers=8)) == []


def test_a_result_that_cannot_be_sent_is_an_error_of_its_own() -> None:
    with pytest.raises(WorkerError, match="the result of a process cannot be sent: cannot pickle"):
        list(map_in_order(memoryview, [b"one", b"two"], workers=2))


def test_an_error_of_a_worker_arrives_as_it_is() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        list(map_in_order(int, ["1", "one", "3"], workers=2))


def test_no_workers_means_one_for_each_core_this_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {3, 5}, raising=False)
    assert (count_workers(0), count_workers(7)) == (2, 7)
    monkeypatch.delattr(os, "sched_getaffinity")  # as on macOS and Windows
    assert count_workers(0) == 64


def test_chunks_hold_every_item_once_in_order() -> None:
    assert list(in_chunks(range(5), 2)) == [(0, 1), (2, 3), (4,)]
    assert list(in_chunks([], 2)) == []
