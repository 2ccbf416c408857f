"""A real MLflow server on loopback, ended afterwards: on a local store, or with all that a team's has."""

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from postgresql import PostgreSQL
from s3_server import S3

from unmask.environment import Environment
from unmask.tracking.store import locate, prepare
from unmask.tracking.ui import SETTINGS, server_command

START_SECONDS = 90
HOST = "127.0.0.1"
ADMINISTRATOR = "admin"
ACCOUNTS = """[mlflow]
default_permission = EDIT
database_uri = {uri}
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
auth_cache_ttl_seconds = 60
"""


@dataclass(frozen=True)
class Team:
    """What a team's MLflow server stands on: it may be stopped and started.

    Attributes:
        postgresql: has the store's database and the accounts'.
        s3: has the artifacts, which the server hands out.
        database: the name of the store's database.
        accounts: the name of the accounts' database.
        bucket: holds the artifacts.
        password: of the account "admin".
        port: the server's, on loopback.
        secret: the server signs its forms with it.
    """

    postgresql: PostgreSQL
    s3: S3
    database: str
    accounts: str
    bucket: str
    password: str
    port: int
    secret: str

    @property
    def url(self) -> str:
        """The server's address, without an account."""
        return f"http://{HOST}:{self.port}"

    @property
    def variables(self) -> dict[str, str]:
        """What MLflow's client reads: where the store is, and whose account."""
        return {
            "MLFLOW_TRACKING_URI": self.url,
            "MLFLOW_TRACKING_USERNAME": ADMINISTRATOR,
            "MLFLOW_TRACKING_PASSWORD": self.password,
        }

    @contextmanager
    def served(self, folder: Path) -> Iterator[str]:
        """Runs the server: with accounts, its store in PostgreSQL, its files on S3.

        Args:
            folder: for the server's log and settings.

        Yields:
            Its address.
        """
        accounts = folder / "accounts.ini"
        accounts.write_text(ACCOUNTS.format(uri=self.postgresql.uri(self.accounts, has_password=False)))
        variables = {
            **SETTINGS,
            **self.postgresql.variables,
            **self.s3.variables,
            "MLFLOW_AUTH_CONFIG_PATH": str(accounts),
            "MLFLOW_AUTH_ADMIN_USERNAME": ADMINISTRATOR,
            "MLFLOW_AUTH_ADMIN_PASSWORD": self.password,
            "MLFLOW_FLASK_SERVER_SECRET_KEY": self.secret,
        }
        where = ["--backend-store-uri", self.postgresql.uri(self.database, has_password=False), "--workers", "1"]
        files = ["--artifacts-destination", f"s3://{self.bucket}", "--app-name", "basic-auth"]
        command = [sys.executable, "-m", "mlflow", "server", *where, *files, "--host", HOST, "--port", str(self.port)]
        with running(command, port=self.port, folder=folder, variables=variables) as url:
            yield url


def make_team(postgresql: PostgreSQL, s3: S3) -> Team:
    """Makes two databases and a bucket, and draws the secrets."""
    return Team(
        postgresql,
        s3,
        database=postgresql.make_database(),
        accounts=postgresql.make_database(),
        bucket=s3.make_bucket(),
        password=secrets.token_urlsafe(18),
        port=free_port(),
        secret=secrets.token_urlsafe(30),
    )


@contextmanager
def served(environment: Environment, *, folder: Path, port: int = 0) -> Iterator[str]:
    """Serves a store, which is made where it is missing.

    Args:
        environment: says where the store is.
        folder: for the server's log.
        port: of loopback; 0 finds a free one.

    Yields:
        The server's address.
    """
    store = locate(environment)
    prepare(store)
    port = port or free_port()
    with running(server_command(store, port=port), port=port, folder=folder, variables=SETTINGS) as url:
        yield url


def free_port() -> int:
    with socket.create_server((HOST, 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def running(command: list[str], *, port: int, folder: Path, variables: Mapping[str, str]) -> Iterator[str]:
    """Runs a server, whose log is the folder's `log.txt`.

    Yields:
        Its address.
    """
    log = folder / "log.txt"
    with log.open("w") as output:
        server = subprocess.Popen(
            command,
            env={**os.environ, **variables},
            cwd=folder,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            url = f"http://{HOST}:{port}"
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
