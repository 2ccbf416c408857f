"""MLflow's page on the project's store, with views that answer the usual questions."""

import logging
import os
import socket
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NoReturn

from unmask.environment import Environment
from unmask.errors import TrackingError
from unmask.tracking.quiet import quiet
from unmask.tracking.session import attempt
from unmask.tracking.store import Store, locate, prepare, redact

if TYPE_CHECKING:
    from unmask.tracking.runs import Runs

logger = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
# The page needs neither MLflow's job runner, which starts several processes, nor its reports to its makers.
SETTINGS = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}


def serve(environment: Environment, *, port: int, on_ready: Callable[[str, Mapping[str, str]], None]) -> NoReturn:
    """Makes the store where it is missing and becomes MLflow's server on it, on this machine only.

    Args:
        environment: says where the store is.
        port: where the page will be.
        on_ready: told the page's address, once nothing is in its way, and the address of each view by the view's name.

    Raises:
        TrackingError: the store is a server of its own or cannot be made, or the port is taken.
        StorageError: the store's folder cannot be written.
    """
    store = locate(environment)
    if store.database is None:
        raise TrackingError(f"the store is {redact(store.uri)}, which is not a local file: open its own page")
    check_port(port)
    with quiet():
        prepare(store)
    address = f"http://{LOOPBACK}:{port}"
    on_ready(address, {name: f"{address}{path}" for name, path in saved_views(environment).items()})
    command = server_command(store, port=port)
    os.execve(sys.executable, command, {**os.environ, **SETTINGS})


def saved_views(environment: Environment) -> Mapping[str, str]:
    """Adds the views that the store lacks; gives each one's path by its name, or none where the store refuses."""

    def question(runs: "Runs") -> Mapping[str, str]:
        from unmask.tracking.views import add_views

        return add_views(runs)

    def warn(reason: str) -> None:
        logger.warning("MLflow's page opens without the saved views (%s)", reason)

    answers = attempt(question, environment=environment, on_failure=warn)
    return answers[0] if answers else {}


def server_command(store: Store, *, port: int) -> list[str]:
    """The command line of MLflow's server."""
    where = ["--backend-store-uri", store.uri, "--default-artifact-root", store.artifacts]
    address = ["--host", LOOPBACK, "--port", str(port), "--workers", "1"]
    return [sys.executable, "-m", "mlflow", "ui", *where, *address]


def check_port(port: int) -> None:
    """Refuses a port that another program holds.

    Raises:
        TrackingError: it is taken.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise TrackingError(f"port {port} is taken ({error.strerror}): choose another with --port") from error
