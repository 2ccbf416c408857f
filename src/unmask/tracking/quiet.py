"""MLflow's manners while this project uses it: short waits, no chatter, no telemetry; put back afterwards."""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

# MLflow reads these at every call. By default it retries a request for minutes, draws a bar for each upload, and
# reports its use to its makers.
SETTINGS = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
LOGGERS = {"mlflow": logging.ERROR, "alembic": logging.ERROR, "urllib3": logging.ERROR}


@contextmanager
def quiet() -> Iterator[None]:
    """Applies the settings and the log levels for the block; mlflow must not be imported before the first one."""
    variables = {name: os.environ.get(name) for name in SETTINGS}
    levels = {name: logging.getLogger(name).level for name in LOGGERS}
    os.environ.update(SETTINGS)
    silence()
    try:
        with warnings.catch_warnings():
            # MLflow warns of its own type hints and of what it asks of SQLAlchemy: nothing that a user can act on.
            warnings.filterwarnings("ignore", module=r"mlflow(\.|$)")
            yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        for name, value in variables.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def silence() -> None:
    """Sets the log levels; again after mlflow's import, which sets its own."""
    for name, level in LOGGERS.items():
        logging.getLogger(name).setLevel(level)
