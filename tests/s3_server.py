"""A local server that speaks S3, ended afterwards: moto's, which keeps everything in its memory."""

import importlib.util
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

START_SECONDS = 60
END_SECONDS = 10
HOST, REGION = "127.0.0.1", "us-east-1"


@dataclass(frozen=True)
class S3:
    """A server that runs.

    Attributes:
        url: its address.
        access_key: names who asks.
        secret_key: signs what is asked. The server does not check it.
    """

    url: str
    access_key: str
    secret_key: str

    @property
    def variables(self) -> dict[str, str]:
        """What the clients read: boto3, MLflow and DVC."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.url,
            "MLFLOW_S3_ENDPOINT_URL": self.url,
        }

    def client(self) -> Any:
        """A client of boto3."""
        import boto3

        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
        )

    def make_bucket(self, name: str = "") -> str:
        """Makes a bucket, by default one of a new name, and gives its name."""
        name = name or f"made-{secrets.token_hex(4)}"
        self.client().create_bucket(Bucket=name)
        return name

    def content(self, bucket: str) -> dict[str, bytes]:
        """Reads every object of a bucket."""
        client = self.client()
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        return {key: client.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


@contextmanager
def running_s3(folder: Path) -> Iterator[S3]:
    """Starts a server with random keys and no bucket; skips where moto is not installed.

    Args:
        folder: for the server's log.
    """
    if importlib.util.find_spec("moto") is None:
        pytest.skip("moto is not installed: pip install moto[server]")
    with socket.create_server((HOST, 0)) as probe:
        port = probe.getsockname()[1]
    log = folder / "s3-log.txt"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", HOST, "-p", str(port)],
            env={key: value for key, value in os.environ.items() if not key.startswith("AWS_")},
            cwd=folder, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    try:
        wait_until_listening(port, server, log)
        yield S3(f"http://{HOST}:{port}", secrets.token_hex(10), secrets.token_urlsafe(30))
    finally:
        end(server)


def wait_until_listening(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with socket.create_connection((HOST, port), timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"the S3 server did not start:\n{log.read_text()}")


def end(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGTERM)
    try:
        server.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait(END_SECONDS)
