"""One background thread for everything that talks to MLflow, so that a store that hangs costs a bounded wait."""

import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator

from unmask.errors import UnmaskError
from unmask.tracking.store import redact

logger = logging.getLogger(__name__)

REASON_CHARACTERS = 300

Job = Callable[[], None]


class Worker:
    """Runs jobs one after another; the first failure or missed deadline ends all work.

    The thread is a daemon: one that hangs in a dead connection does not keep the process alive.

    Attributes:
        failure: why there is no more work, or None while all is well.
    """

    def __init__(self, on_failure: Callable[[str], None]) -> None:
        """Starts the thread.

        Args:
            on_failure: told the reason, once, free of credentials.
        """
        self.failure: str | None = None
        self.on_failure = on_failure
        self.lock = threading.Lock()
        self.jobs: queue.SimpleQueue[tuple[Job | None, threading.Event]] = queue.SimpleQueue()
        threading.Thread(target=self.work, name="mlflow-mirror", daemon=True).start()

    def submit(self, job: Job | None) -> threading.Event:
        """Queues a job and returns at once; the event is set when the job is over, or was left out."""
        over = threading.Event()
        self.jobs.put((job, over))
        return over

    def run(self, job: Job, *, seconds: float | None) -> None:
        """Queues a job and waits for it and all before it; `seconds` None waits without end."""
        if self.failure is None and not self.submit(job).wait(seconds):
            self.fail(f"no answer within {seconds:.0f} s")

    def stop(self) -> None:
        """Lets the thread end after what is queued."""
        self.submit(None)

    def fail(self, reason: str) -> None:
        """Ends all work, and says why once."""
        with self.lock:
            if self.failure is not None:
                return
            self.failure = reason
        self.on_failure(reason)

    def work(self) -> None:
        """The thread's loop."""
        while True:
            job, over = self.jobs.get()
            if job is None:
                over.set()
                return
            if self.failure is None:
                try:
                    job()
                except Exception as error:  # noqa: BLE001 - whatever MLflow, a driver or a plugin raises must not end training
                    self.fail(reason_of(error))
            over.set()


def reason_of(error: Exception) -> str:
    """One readable line about an error, free of credentials: the system's or SQLite's where it began there."""
    logger.debug("MLflow failed at %s", traceback_place(error))
    if isinstance(error, UnmaskError):
        return shortened(str(error))
    causes = [words for cause in chain(error) if (words := own_words(cause))]
    return shortened(causes[-1] if causes else f"{type(error).__name__}: {error}")


def own_words(cause: BaseException) -> str:
    """What the system or SQLite said, as "database or disk is full"; empty for errors of other kinds."""
    if isinstance(cause, sqlite3.Error):
        return str(cause)
    return cause.strerror or "" if isinstance(cause, OSError) else ""


def shortened(text: str) -> str:
    """The first line of a text, free of credentials and cut to what a terminal shows well."""
    reason = redact(text.strip().partition("\n")[0])
    return reason if len(reason) <= REASON_CHARACTERS else f"{reason[:REASON_CHARACTERS]}..."


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """Lists an error and what it came from, outermost first."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def traceback_place(error: Exception) -> str:
    """Where an error was raised: file and line."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "?" if trace is None else f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
