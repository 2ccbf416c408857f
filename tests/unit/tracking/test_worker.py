import sqlite3
import threading
import time

from unmask.tracking.worker import Worker


def test_jobs_run_in_order() -> None:
    seen: list[int] = []
    worker = Worker(lambda _: None)
    for number in range(50):
        worker.submit(lambda number=number: seen.append(number))
    worker.run(lambda: None, seconds=5)
    worker.stop()
    assert seen == list(range(50))


def test_the_first_failure_ends_all_work_and_is_told_once() -> None:
    told: list[str] = []
    ran: list[str] = []
    worker = Worker(told.append)

    def fail() -> None:
        raise ValueError("at http://ann:secret@host/x\nmore")

    for job in (fail, fail, lambda: ran.append("late")):
        worker.run(job, seconds=5)
    worker.stop()
    assert told == ["ValueError: at http://***@host/x"]
    assert ran == []


def test_the_systems_own_words_are_the_reason() -> None:
    told: list[str] = []
    worker = Worker(told.append)

    def fail() -> None:
        try:
            raise ConnectionRefusedError(111, "Connection refused")
        except OSError as error:
            raise RuntimeError("a long story") from error

    worker.run(fail, seconds=5)
    worker.stop()
    assert told == ["Connection refused"]


def test_sqlites_own_words_are_the_reason() -> None:
    told: list[str] = []
    worker = Worker(told.append)

    def fail() -> None:
        try:
            raise sqlite3.OperationalError("database or disk is full")
        except sqlite3.Error as error:
            raise RuntimeError("(raised as a result of Query-invoked autoflush)") from error

    worker.run(fail, seconds=5)
    worker.stop()
    assert told == ["database or disk is full"]


def test_a_job_that_hangs_costs_its_deadline_once() -> None:
    told: list[str] = []
    release = threading.Event()
    worker = Worker(told.append)
    started = time.monotonic()
    worker.run(release.wait, seconds=0.2)
    for _ in range(100):
        worker.run(lambda: None, seconds=10)
    assert time.monotonic() - started < 2
    assert told == ["no answer within 0 s"]
    release.set()
    worker.stop()
