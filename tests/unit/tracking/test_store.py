import logging
import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock
from sqlalchemy.exc import OperationalError

from unmask.environment import Environment
from unmask.errors import StorageError, TrackingError
from unmask.tracking.quiet import SETTINGS, TIMEOUT, quiet
from unmask.tracking.store import locate, prepare, redact


def test_the_default_store_lies_in_the_main_checkout(environment: Environment) -> None:
    store = locate(environment)
    assert store.database == environment.root / "mlruns" / "mlflow.db"
    assert store.uri == f"sqlite:///{environment.root}/mlruns/mlflow.db"
    assert store.artifacts == f"file://{environment.root}/mlruns/artifacts"


def test_a_relative_sqlite_address_starts_at_the_main_checkout(environment: Environment) -> None:
    store = locate(replace(environment, tracking_uri="sqlite:///other/runs.db"))
    assert store.uri == f"sqlite:///{environment.root}/other/runs.db"
    assert store.artifacts == f"file://{environment.root}/other/artifacts"


def test_a_server_decides_itself_where_files_go(environment: Environment) -> None:
    store = locate(replace(environment, tracking_uri="http://mlflow.example.org:5000"))
    assert (store.uri, store.database, store.artifacts) == ("http://mlflow.example.org:5000", None, "")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://ann:secret@host:5000/x", "http://***@host:5000/x"),
        ("see https://ann:p@ss@host/ and http://host/a", "see https://***@host/ and http://host/a"),
        ("postgresql://u:a/b@h/db", "postgresql://***@h/db"),
        ("postgresql://u:a/b@c d@h/db http://v:w@i", "postgresql://***@c d@h/db http://***@i"),
        ("postgresql://h/db?password=secret&user=ann", "postgresql://h/db?password=***&user=ann"),
        ("postgresql://h/db?sslmode=on&sslpassword=se@cret", "postgresql://***"),
        ("postgresql://u:password=x@y&z@h/db", "postgresql://***@h/db"),
        (
            "http://h/?access_token=a#b and PASSWD=b key=c secret=d",
            "http://h/?access_token=***#b and PASSWD=*** key=*** secret=***",
        ),
        ("sqlite:////tmp/mlflow.db", "sqlite:////tmp/mlflow.db"),
    ],
)
def test_credentials_are_hidden(text: str, shown: str) -> None:
    assert redact(text) == shown


def test_a_made_store_is_whole_and_is_kept(environment: Environment) -> None:
    store = locate(environment)
    with quiet():
        prepare(store)
    with closing(sqlite3.connect(store.database)) as database:
        assert database.execute("select name from experiments order by name").fetchall() == [("Default",), ("unmask",)]
    before = store.database.stat()
    prepare(store)
    assert store.database.stat() == before
    assert sorted(path.name for path in store.database.parent.iterdir()) == ["mlflow.db", "mlflow.db.lock"]


def test_a_store_in_the_way_of_a_file_is_an_error(environment: Environment) -> None:
    (environment.root / "mlruns").write_text("in the way")
    with pytest.raises(StorageError, match=r"cannot write .*mlruns.*: File exists"):
        prepare(locate(environment))


def test_a_store_that_another_process_is_making_for_too_long_is_an_error(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = locate(environment)
    store.database.parent.mkdir()
    monkeypatch.setattr("unmask.tracking.store.LOCK_SECONDS", 0.1)
    with FileLock(f"{store.database}.lock"), pytest.raises(TrackingError, match=r"another process .*mlflow\.db\.lock"):
        prepare(store)


def test_a_database_that_cannot_be_made_is_an_error(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OperationalError("create table", None, Exception("disk I/O error"))

    monkeypatch.setattr("mlflow.store.tracking.sqlalchemy_store.SqlAlchemyStore", fail)
    with pytest.raises(TrackingError, match=r"cannot make .*mlflow\.db: .*disk I/O error"):
        prepare(locate(environment))


def test_a_folder_that_cannot_be_written_is_an_error(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("unmask.tracking.store.FileLock", fail)
    with pytest.raises(StorageError, match=r"cannot write .*mlflow\.db: Permission denied"):
        prepare(locate(environment))


def test_mlflows_settings_are_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, *_ = SETTINGS
    monkeypatch.setenv(first, "77")
    monkeypatch.delenv(second, raising=False)
    logging.getLogger("alembic").setLevel(logging.INFO)
    with quiet():
        assert os.environ[first] == "77"
        assert os.environ[second] == SETTINGS[second]
    assert os.environ[first] == "77"
    assert second not in os.environ
    assert logging.getLogger("alembic").level == logging.INFO


@pytest.mark.parametrize(("own", "later"), [(None, None), ("77", "77")])
def test_waiting_longer_gives_mlflows_own_timeout_or_the_users(
    own: str | None, later: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(TIMEOUT, raising=False)
    if own is not None:
        monkeypatch.setenv(TIMEOUT, own)
    with quiet() as wait_longer:
        assert os.environ[TIMEOUT] == (own or "5")
        wait_longer()
        assert os.environ.get(TIMEOUT) == later
    assert os.environ.get(TIMEOUT) == own


def test_importing_tracking_changes_nothing_and_leaves_mlflow_alone(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = (
        "import os, sys; before = dict(os.environ); import unmask.tracking.mirror, unmask.tracking.ui;"
        "assert 'mlflow' not in sys.modules, 'imported';"
        "assert {k: v for k, v in os.environ.items() if 'MLFLOW' in k} =="
        " {k: v for k, v in before.items() if 'MLFLOW' in k}"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []
