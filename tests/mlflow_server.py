"""A real MLflow server on loopback, ended afterwards."""

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from unmask.environment import Environment
from unmask.tracking.store import locate, prepare
from unmask.tracking.ui import SETTINGS, server_command

START_SECONDS = 90


@contextmanager
def served(environment: Environment, *, folder: Path) -> Iterator[str]:
    """Serves a store, which is made where it is missing.

    Args:
        environment: says where the store is.
        folder: for the server's log.

    Yields:
        The server's address.
    """
    store = locate(environment)
    prepare(store)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    log = folder / "log.txt"
    with log.open("w") as output:
        server = subprocess.Popen(
            server_command(store, port=port),
            env={**os.environ, **SETTINGS},
            cwd=folder,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_healthy(url, server, log)
            yield url
        finally:
            end_group(server)


def wait_until_healthy(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=2):
                return
        except OSError:
            time.sleep(0.3)
    pytest.fail(f"the server did not start:\n{log.read_text()}")


def end_group(server: subprocess.Popen[bytes]) -> None:
    """Ends the server and the workers it started: they are a process group of their own."""
    os.killpg(server.pid, 15)
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, 9)
        server.wait(20)
