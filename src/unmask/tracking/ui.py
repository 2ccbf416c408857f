"""MLflow's page on the project's store."""

import os
import socket
import sys
from collections.abc import Callable
from typing import NoReturn

from unmask.environment import Environment
from unmask.errors import TrackingError
from unmask.tracking.quiet import quiet
from unmask.tracking.store import Store, locate, prepare, redact

LOOPBACK = "127.0.0.1"
# The page needs neither MLflow's job runner, which starts several processes, nor its reports to its makers.
SETTINGS = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}


def serve(environment: Environment, *, port: int, on_ready: Callable[[str], None]) -> NoReturn:
    """Makes the store where it is missing and becomes MLflow's server on it, on this machine only.

    Args:
        environment: says where the store is.
        port: where the page will be.
        on_ready: told the page's address, once nothing is in its way.

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
    on_ready(f"http://{LOOPBACK}:{port}")
    command = server_command(store, port=port)
    os.execve(sys.executable, command, {**os.environ, **SETTINGS})


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
