"""A store moved from its SQLite file to PostgreSQL and S3, behind a server with accounts, and back again."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import filled_store
import pytest
from mlflow import MlflowClient
from mlflow_server import Team

from unmask.environment import Environment
from unmask.errors import TrackingError
from unmask.tracking import copying
from unmask.tracking.copying import Copied, copy_store
from unmask.tracking.locations import Places, place_for
from unmask.tracking.quiet import quiet
from unmask.tracking.store import locate, prepare

# What MLflow's pages for language models write, and this project does not: JSON whose spelling counts, a JSON null
# beside an absent value, and bytes.
ODD_ROWS = """
insert into evaluation_datasets (dataset_id, workspace, name) values ('d-1', 'default', 'odd');
insert into evaluation_dataset_records (dataset_record_id, dataset_id, inputs, outputs, input_hash)
  values ('r-1', 'd-1', '{"b":  1, "a": [null, 0.10]}', 'null', 'h');
insert into secrets (secret_id, secret_name, encrypted_value, wrapped_dek, kek_version, masked_value, created_at,
  last_updated_at, workspace) values ('s-1', 'odd', x'00ff27', x'5c00', 1, '{}', 1, 2, 'default');
"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's own store, with one of everything."""
    root = tmp_path_factory.mktemp("filled")
    store = locate(Environment(root=root, experiment="", tracking_uri="", real_data=None, machine="bench"))
    with quiet():
        prepare(store)
        filled_store.fill(store.uri, folder=root)
    with closing(sqlite3.connect(store.database)) as database:
        database.executescript(ODD_ROWS)
    return store.database


@pytest.fixture
def move(team: Team, filled: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Copied]:
    """Moves the store to where the team's server finds it."""
    for name, value in {**team.s3.variables, **team.postgresql.variables}.items():
        monkeypatch.setenv(name, value)

    def run() -> Copied:
        target = team.postgresql.uri(team.database, has_password=False)
        places = place_for(target, artifacts=f"s3://{team.bucket}", source="", is_served=True)
        with quiet():
            return copy_store(f"sqlite:///{filled}", target, places=places)

    return run


def rows_of_file(database: Path) -> list[str]:
    """Spells every row of a SQLite file."""
    with closing(sqlite3.connect(database)) as opened:
        return sorted(line for line in opened.iterdump() if line.startswith("INSERT"))


def rows_of_database(team: Team) -> list[bytes]:
    """Spells every row of the team's store; newer versions of pg_dump write a random word of their own."""
    lines = team.postgresql.run("pg_dump", "--data-only", team.database).splitlines()
    return [line for line in lines if not line.startswith((b"\\restrict", b"\\unrestrict"))]


def test_a_moved_store_is_the_same_run_for_run_behind_its_server(
    move: Callable[[], Copied], team: Team, filled: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    told = filled_store.tell(f"sqlite:///{filled}", folder=tmp_path / "before")
    copied = move()
    for name, _ in team.s3.variables.items():  # the server has the keys, and nobody else needs them
        os.environ.pop(name)
    with team.served(tmp_path) as address:
        assert filled_store.tell(address, folder=tmp_path / "after") == told
        client = MlflowClient(address)
        experiment = client.create_experiment("another")
        assert experiment not in told["experiments"]
        run = client.create_run(client.get_experiment_by_name("unmask").experiment_id)
        assert run.info.artifact_uri.startswith("mlflow-artifacts:/")
    record_property("campaign", f"moved to PostgreSQL and S3: {sum(copied.rows.values())} rows, {copied.files} files")


def test_a_store_that_was_moved_comes_back_to_the_last_row(
    move: Callable[[], Copied], team: Team, filled: Path, tmp_path: Path
) -> None:
    with quiet():
        first = f"sqlite:///{tmp_path}/first/mlflow.db"
        places = place_for(first, artifacts="", source="", is_served=False)
        copy_store(f"sqlite:///{filled}", first, places=places)
        move()
        back = f"sqlite:///{tmp_path}/back/mlflow.db"
        places = place_for(back, artifacts="", source=f"s3://{team.bucket}", is_served=False)
        copy_store(team.postgresql.uri(team.database, has_password=False), back, places=places)
    before, after = rows_of_file(tmp_path / "first" / "mlflow.db"), rows_of_file(tmp_path / "back" / "mlflow.db")
    assert any('"b":  1' in line for line in before)
    assert after == [line.replace(str(tmp_path / "first"), str(tmp_path / "back")) for line in before]


def test_a_database_that_holds_a_run_is_refused(move: Callable[[], Copied], team: Team) -> None:
    move()
    before = rows_of_database(team)
    with pytest.raises(TrackingError, match=r"holds \d+ rows of \w+: copy into an empty database"):
        move()
    assert rows_of_database(team) == before


def test_a_database_that_its_server_has_made_ready_counts_as_empty(
    move: Callable[[], Copied], team: Team, tmp_path: Path
) -> None:
    with team.served(tmp_path):
        pass
    assert move().rows["runs"] == filled_store.RUNS


def test_a_move_that_is_interrupted_is_none_and_goes_on(
    move: Callable[[], Copied], team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    send = copying.send

    def interrupt(path: str, **places: object) -> None:
        if len(sent) == 5:
            raise KeyboardInterrupt
        send(path, **places)
        sent.append(path)

    with monkeypatch.context() as patch:
        patch.setattr(copying, "send", interrupt)
        with pytest.raises(KeyboardInterrupt):
            move()
    assert len(team.s3.content(team.bucket)) == 5
    count = team.postgresql.run("psql", "--tuples-only", "--command", "select count(*) from runs", team.database)
    assert int(count) == 0
    copied = move()
    assert len(team.s3.content(team.bucket)) == copied.files


def test_a_place_that_does_not_answer_is_an_error_and_nothing_is_moved(
    move: Callable[[], Copied], team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_S3_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(TrackingError, match=r"files of .* to s3://"):
        move()
    count = team.postgresql.run("psql", "--tuples-only", "--command", "select count(*) from runs", team.database)
    assert int(count) == 0


def test_a_password_that_is_wrong_is_an_error_without_it(
    filled: Path, team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGPASSWORD", raising=False)
    target = team.postgresql.uri(team.database).replace(team.postgresql.password, "planted-token")
    with quiet(), pytest.raises(TrackingError, match=r"\*\*\*@.*password authentication failed") as caught:
        copy_store(f"sqlite:///{filled}", target, places=Places(tmp_path.as_uri()))
    assert "planted-token" not in str(caught.value)
