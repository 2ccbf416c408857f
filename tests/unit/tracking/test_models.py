"""Which store MLflow takes for its own while a model is logged; the logging itself is tested where runs are written."""

import os

import mlflow
import pytest

from unmask.tracking.models import used_store

VARIABLE, SERVER, STORE = "MLFLOW_TRACKING_URI", "http://127.0.0.1:1", "sqlite:///store.db"


def test_a_store_that_the_environment_named_is_forgotten_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, SERVER)
    with used_store(STORE):
        assert (mlflow.get_tracking_uri(), os.environ[VARIABLE]) == (STORE, STORE)
    assert (mlflow.get_tracking_uri(), os.environ[VARIABLE]) == (SERVER, SERVER)
    monkeypatch.delenv(VARIABLE)
    assert not mlflow.is_tracking_uri_set()


def test_a_store_that_a_program_had_set_is_set_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    try:
        mlflow.set_tracking_uri(SERVER)
        monkeypatch.setenv(VARIABLE, "http://127.0.0.1:2")
        with used_store(STORE):
            pass
        assert mlflow.get_tracking_uri() == SERVER
    finally:
        mlflow.set_tracking_uri(None)


def test_where_there_was_none_there_is_none_after(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(ZeroDivisionError), used_store(STORE):
        raise ZeroDivisionError
    assert not mlflow.is_tracking_uri_set()
    assert VARIABLE not in os.environ
