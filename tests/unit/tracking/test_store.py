import logging
import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from unmask.environment import Environment
from unmask.errors import StorageError
from unmask.tracking.quiet import SETTINGS, quiet
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
        ("see https://ann:p@ss@host/ and http://host/a@b", "see https://***@host/ and http://host/a@b"),
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
    with pytest.raises((StorageError, FileExistsError)):
        prepare(locate(environment))


def test_mlflows_settings_are_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, *_ = SETTINGS
    monkeypatch.setenv(first, "77")
    monkeypatch.delenv(second, raising=False)
    logging.getLogger("alembic").setLevel(logging.INFO)
    with quiet():
        assert os.environ[second] == SETTINGS[second]
    assert os.environ[first] == "77"
    assert second not in os.environ
    assert logging.getLogger("alembic").level == logging.INFO


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
