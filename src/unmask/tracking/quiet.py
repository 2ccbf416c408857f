"""MLflow's manners while this project uses it: short waits, no chatter, no telemetry; put back afterwards."""

import logging
import os
import warnings
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager

TIMEOUT = "MLFLOW_HTTP_REQUEST_TIMEOUT"

# MLflow reads these at every call. By default it retries a request for minutes, draws a bar for each upload, and
# reports its use to its makers. A variable that the user has set stays.
SETTINGS = {
    TIMEOUT: "5",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
# MLflow logs an error of its store with a traceback before it raises it; `mirror` says it in one line.
LOGGERS = {"mlflow": logging.CRITICAL, "alembic": logging.ERROR, "urllib3": logging.ERROR}


@contextmanager
def quiet() -> Iterator[Callable[[], None]]:
    """Applies the settings and the log levels for the block; mlflow must not be imported before the first one.

    Yields:
        A function that gives requests MLflow's own time from then on: for files, which a server may take long to
        store. It is called by the thread that runs the block, because variables belong to the whole process.
    """
    missing = {name: value for name, value in SETTINGS.items() if name not in os.environ}
    levels = {name: logging.getLogger(name).level for name in LOGGERS}
    os.environ.update(missing)
    silence()
    try:
        with warnings.catch_warnings():
            # MLflow warns of its own type hints and of what it asks of SQLAlchemy: nothing that a user can act on.
            warnings.filterwarnings("ignore", module=r"mlflow(\.|$)")
            yield lambda: wait_longer(missing)
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        for name in missing:
            os.environ.pop(name, None)


def wait_longer(ours: Container[str]) -> None:
    """Takes the short timeout back, where it is ours and not the user's."""
    if TIMEOUT in ours:
        os.environ.pop(TIMEOUT, None)


def silence() -> None:
    """Sets the log levels; again after mlflow's import, which sets its own."""
    for name, level in LOGGERS.items():
        logging.getLogger(name).setLevel(level)
