"""A real PostgreSQL on loopback, in a temporary folder, ended afterwards."""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

START_SECONDS = 60
END_SECONDS = 20
HOST, USER = "127.0.0.1", "mlflow"
DEBIAN = Path("/usr/lib/postgresql")  # Debian keeps the server's programs off the path, a folder a version
SYSTEM_USERS = ("postgres", "nobody")  # PostgreSQL refuses to run as root
SETTINGS = {"listen_addresses": HOST, "unix_socket_directories": "", "fsync": "off", "max_connections": "100"}


@dataclass(frozen=True)
class PostgreSQL:
    """A server that runs.

    Attributes:
        programs: the folder of its programs.
        port: on loopback.
        password: of the user "mlflow", who may do everything.
    """

    programs: Path
    port: int
    password: str

    @property
    def variables(self) -> dict[str, str]:
        """What PostgreSQL's clients read: with it an address needs no password."""
        return {"PGPASSWORD": self.password}

    def uri(self, database: str = "postgres", *, has_password: bool = True) -> str:
        """The address of a database, for SQLAlchemy's psycopg."""
        user = f"{USER}:{self.password}" if has_password else USER
        return f"postgresql://{user}@{HOST}:{self.port}/{database}"

    def make_database(self) -> str:
        """Makes an empty database, and gives its name."""
        name = f"made_{secrets.token_hex(4)}"
        self.run("createdb", name)
        return name

    def run(self, program: str, *arguments: str) -> bytes:
        """Runs one of PostgreSQL's clients on the server, and gives its output."""
        where = ("--host", HOST, "--port", str(self.port), "--username", USER)
        command = [self.programs / program, *where, *arguments]
        return subprocess.run(
            command, env={**os.environ, **self.variables}, stdout=subprocess.PIPE, check=True, timeout=120
        ).stdout


def find_programs() -> Path | None:
    """Finds the newest version's folder of programs, or None where there is no PostgreSQL server."""
    versions = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = versions[-1] if versions else shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def system_user() -> pwd.struct_passwd | None:
    """Finds the user to become: PostgreSQL refuses root; None for whoever runs the tests."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return next(known[name] for name in SYSTEM_USERS if name in known)


@contextmanager
def running_postgresql() -> Iterator[PostgreSQL]:
    """Starts a server with a random password; skips where there is none to start.

    Its folder is not below pytest's, which no other user may enter.

    Yields:
        The server; its database "postgres" is empty.
    """
    programs = find_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    user = system_user()
    who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    with TemporaryDirectory(prefix="unmask-postgresql-") as name:
        folder, password = Path(name), secrets.token_urlsafe(18)
        secret, data, log = folder / "password", folder / "data", folder / "log.txt"
        secret.write_text(password)
        if user:
            for path in (folder, secret):
                os.chown(path, user.pw_uid, user.pw_gid)
        options = ["--auth=scram-sha-256", f"--username={USER}", f"--pwfile={secret}", "--encoding=UTF8", "--no-sync"]
        subprocess.run(
            [programs / "initdb", "--pgdata", data, "--locale=C", *options],
            cwd=folder, stdout=subprocess.DEVNULL, check=True, timeout=START_SECONDS, **who,
        )  # fmt: skip
        with socket.create_server((HOST, 0)) as probe:
            port = probe.getsockname()[1]
        settings = [part for key, value in SETTINGS.items() for part in ("-c", f"{key}={value}")]
        with log.open("wb") as output:
            server = subprocess.Popen(
                [programs / "postgres", "-D", data, "-p", str(port), *settings],
                cwd=folder, stdout=output, stderr=output, start_new_session=True, **who,
            )  # fmt: skip
        try:
            started = PostgreSQL(programs, port, password)
            wait_until_ready(started, server, log)
            yield started
        finally:
            end(server)


def wait_until_ready(started: PostgreSQL, server: subprocess.Popen[bytes], log: Path) -> None:
    command = [started.programs / "pg_isready", "--quiet", "--host", HOST, "--port", str(started.port)]
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        if subprocess.run(command, check=False).returncode == 0:
            return
        time.sleep(0.2)
    pytest.fail(f"PostgreSQL did not start:\n{log.read_text()}")


def end(server: subprocess.Popen[bytes]) -> None:
    """Ends the server, which ends its own processes: connections are cut, and no lock is waited for."""
    server.send_signal(signal.SIGINT)
    try:
        server.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGQUIT)
        server.wait(END_SECONDS)
