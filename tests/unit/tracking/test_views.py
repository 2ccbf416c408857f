"""The saved views of MLflow's page: written once, left alone afterwards, named where the page is opened."""

import json
import os
from dataclasses import replace
from typing import Any

import pytest
from mlflow import MlflowClient

from unmask.environment import Environment
from unmask.tracking import ui
from unmask.tracking.session import ask
from unmask.tracking.store import locate
from unmask.tracking.views import TAG, VIEWS, add_views

LOSSES = f"{TAG}unmask-losses"


def tags(environment: Environment) -> dict[str, str]:
    return MlflowClient(locate(environment).uri).get_experiment_by_name("unmask").tags


def test_a_view_is_what_mlflows_page_reads(environment: Environment) -> None:
    ask(add_views, environment=environment)
    envelope = json.loads(tags(environment)[LOSSES])
    # As encodeSavedViewEnvelope of https://github.com/mlflow/mlflow/pull/24359 has it.
    assert {name: type(value) for name, value in envelope.items()} == {
        "name": str,
        "createdAt": int,
        "updatedAt": int,
        "state": str,
    }
    state = json.loads(envelope["state"])
    assert state["searchFilter"] == "tags.dvc_stage LIKE 'search_loss%'"
    assert (state["orderByKey"], state["orderByAsc"]) == ("metrics.`validation_roc_auc`", False)
    assert state["selectedColumns"][0] == "metrics.`validation_roc_auc`"


def test_every_view_is_added_once_and_what_a_person_made_of_it_stays(environment: Environment) -> None:
    ask(add_views, environment=environment)
    assert {name for name in tags(environment) if name.startswith(TAG)} == {f"{TAG}{key}" for key in VIEWS}
    client = MlflowClient(locate(environment).uri)
    experiment = client.get_experiment_by_name("unmask").experiment_id
    client.set_experiment_tag(experiment, LOSSES, "changed")
    client.delete_experiment_tag(experiment, f"{TAG}unmask-models")
    ask(add_views, environment=environment)
    assert tags(environment)[LOSSES] == "changed"
    assert f"{TAG}unmask-models" in tags(environment)


def test_opening_the_page_names_a_link_a_view(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr(os, "execve", lambda *arguments: told.append(arguments))
    ui.serve(environment, port=5999, on_ready=lambda address, views: told.append((address, views)))
    (address, views), _ = told
    assert address == "http://127.0.0.1:5999"
    assert list(views) == [view.name for view in VIEWS.values()]
    assert views["Losses: which won"].startswith(f"{address}/#/experiments/")
    assert views["Losses: which won"].endswith("/runs?viewStateShareKey=unmask-losses")


def test_a_store_that_refuses_the_views_is_a_warning(
    environment: Environment, caplog: pytest.LogCaptureFixture
) -> None:
    dead = replace(environment, tracking_uri="http://127.0.0.1:9")
    assert ui.saved_views(dead) == {}
    assert "opens without the saved views (Connection refused)" in caplog.text
