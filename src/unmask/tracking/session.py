"""A connection to MLflow's store that costs its user nothing where there is none: it never raises, and never hangs."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from unmask.environment import Environment
from unmask.errors import TrackingError
from unmask.tracking.quiet import quiet, silence
from unmask.tracking.store import LOCK_SECONDS, locate, prepare, redact
from unmask.tracking.worker import Job, Worker

if TYPE_CHECKING:
    from unmask.tracking.runs import Runs

Answer = TypeVar("Answer")

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 10
FINISH_SECONDS = 120  # a model of 100 MB on a slow line


class Session:
    """A connection that never raises: the first failure ends it, and is reported once."""

    def __init__(
        self, environment: Environment, *, on_failure: Callable[[str], None], connect_seconds: float | None
    ) -> None:
        """Makes the store where it is missing, and connects.

        Args:
            environment: says where the store is.
            on_failure: told the reason, once.
            connect_seconds: how long a server may take to answer first; None waits as long as MLflow does. A database
                file cannot be away, only busy with others: it may take `LOCK_SECONDS`.
        """
        from unmask.tracking import runs  # here: it imports mlflow, which must see the settings of `quiet`

        silence()
        self.store = locate(environment)
        self.worker = Worker(on_failure)
        self.connected: list[Runs] = []
        if connect_seconds is not None and self.store.database is not None:
            connect_seconds = LOCK_SECONDS
        # Making a store is this machine's own work, and may wait for another process that does the same.
        self.worker.run(lambda: prepare(self.store), seconds=LOCK_SECONDS)
        self.worker.run(lambda: self.connected.append(runs.Runs(self.store)), seconds=connect_seconds)

    @property
    def runs(self) -> "Runs":
        """The store's runs; only for jobs, which do not run where there was no connection."""
        return self.connected[0]

    def submit(self, job: Job) -> None:
        """Queues a job and returns at once."""
        if self.worker.failure is None:
            self.worker.submit(job)

    def close(self, *, seconds: float | None) -> None:
        """Waits for what is queued, and ends the thread."""
        self.worker.run(lambda: None, seconds=seconds)
        self.worker.stop()


def ask(question: "Callable[[Runs], Answer]", *, environment: Environment, where_none: Answer | None = None) -> Answer:
    """Asks the store once, for a command that cannot do without the answer.

    Args:
        question: what to ask.
        environment: where the store is.
        where_none: the answer where nobody has made a store yet, so that reading makes none; by default one is made.

    Raises:
        TrackingError: the store gave no answer.
    """
    if where_none is not None and locate(environment).is_missing:
        return where_none
    reasons: list[str] = []
    answers = attempt(question, environment=environment, on_failure=reasons.append)
    if not answers:
        raise TrackingError(f"MLflow's store {address_of(environment)}: {' '.join(reasons)}")
    return answers[0]


def attempt(
    question: "Callable[[Runs], Answer]",
    *,
    environment: Environment,
    on_failure: Callable[[str], None],
    seconds: float = FINISH_SECONDS,
) -> list[Answer]:
    """Asks the store once, in a session of its own, with a bounded wait; gives the answer, or nothing without one."""
    answers: list[Answer] = []
    with quiet() as wait_longer:
        session = Session(environment, on_failure=on_failure, connect_seconds=CONNECT_SECONDS)
        wait_longer()  # `close` bounds it
        session.submit(lambda: answers.append(question(session.runs)))
        session.close(seconds=seconds)
    return answers


def warn(environment: Environment) -> Callable[[str], None]:
    """Gives a function that logs the one warning of a session."""
    address = address_of(environment)

    def log(reason: str) -> None:
        logger.warning(
            "MLflow's store %s cannot be used (%s). The files are complete without it; `unmask track` adds this run "
            "later.",
            address,
            reason,
        )

    return log


def address_of(environment: Environment) -> str:
    """The store's address, without credentials."""
    return redact(locate(environment).uri)
