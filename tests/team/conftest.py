"""What a team shares: a PostgreSQL, an S3 server, and an MLflow server with accounts in front of both."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow_server import Team, make_team
from postgresql import PostgreSQL, running_postgresql
from s3_server import S3, running_s3

from unmask.environment import Environment


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """PostgreSQL, with a database for whoever asks."""
    with running_postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    """An S3 server, with a bucket for whoever asks."""
    with running_s3(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def team(postgresql: PostgreSQL, s3: S3, monkeypatch: pytest.MonkeyPatch) -> Team:
    """What a team's MLflow server stands on; this process has its account."""
    made = make_team(postgresql, s3)
    for name, value in made.variables.items():
        monkeypatch.setenv(name, value)
    return made


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """An environment without a store yet."""
    root = tmp_path / "checkout"
    root.mkdir()
    return Environment(root=root, experiment="", tracking_uri="", real_data=None, machine="bench")
