"""A tracking server that is stopped and started in the middle of a training."""

import importlib.util
import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest
from mlflow import MlflowClient
from mlflow_server import free_port, served

from unmask.artifacts import sha256_of_file
from unmask.environment import Environment
from unmask.tracking import live, restoring

EPOCHS = 30
STOPPED, STARTED = 10, 20  # epochs before which the server goes and comes
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Section:
    epochs: int


@pytest.fixture(scope="module")
def finished() -> ModuleType:
    """The module that writes finished folders; loaded by path because tests are no package."""
    spec = importlib.util.spec_from_file_location("finished_of_restart", Path(__file__).with_name("finished.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def serve(
    request: pytest.FixtureRequest, environment: Environment, tmp_path: Path
) -> Callable[[], AbstractContextManager[str]]:
    """Starts a server, again at the same address on the same store."""
    if request.param == "PostgreSQL":
        return partial(request.getfixturevalue("team").served, tmp_path)
    return partial(served, environment, folder=tmp_path, port=free_port())


def test_a_server_that_is_stopped_and_started_costs_no_training_and_no_point(
    serve: Callable[[], AbstractContextManager[str]],
    environment: Environment,
    finished: ModuleType,
    caplog: pytest.LogCaptureFixture,
    record_property: Callable[[str, object], None],
) -> None:
    expected = {
        name: [(epoch, finished.value(name, epoch, seed=1)) for epoch in range(EPOCHS)] for name in finished.CURVES
    }
    with ExitStack() as server:
        address = server.enter_context(serve())
        away = replace(environment, tracking_uri=address)
        with live.training_run(model_name="cnn", section=Section(EPOCHS), environment=away, key="k") as run:
            for epoch in range(EPOCHS):
                if epoch == STOPPED:
                    run.session.worker.run(lambda: None, seconds=PATIENCE_SECONDS)  # all of before has arrived
                    assert len(MlflowClient(address).get_metric_history(run.run_id, "loss")) == STOPPED
                    server.close()
                if epoch == STARTED:
                    wait_for_failure(run)
                    assert server.enter_context(serve()) == address
                logs = {name.replace("validation_", "val_"): curve[epoch][1] for name, curve in expected.items()}
                for callback in run.callbacks:
                    callback.on_epoch_end(epoch, logs)
            model = finished.write_model(environment.root, seed=1, epochs=EPOCHS)
            run.record(model)
        finished.write_report(environment.root, seed=1)
        # What is said of this server: threads of an earlier test may still ask for theirs.
        told = [record for record in caplog.records if record.levelno >= logging.WARNING]
        warnings = [record for record in told if address.removeprefix("http://") in record.getMessage()]
        assert ["unmask track" in record.getMessage() for record in warnings] == [True]
        track = partial(restoring.track, environment.root, section=Section(EPOCHS), environment=away)
        assert track() == ["cnn: training", "cnn: evaluation"]
        assert track() == []
        client = MlflowClient(address)
        (whole,) = client.search_runs(
            [client.get_experiment_by_name("unmask").experiment_id],
            f"tags.model_sha256 = '{sha256_of_file(model / 'model.keras')}'",
        )
        assert whole.info.status == "FINISHED"
        found = {
            name: sorted((point.step, point.value) for point in client.get_metric_history(whole.info.run_id, name))
            for name in expected
        }
    points, wanted = (sum(map(len, curves.values())) for curves in (found, expected))
    record_property("campaign", f"server stopped and started while training: {points} of {wanted} points after track")
    assert found == expected


def wait_for_failure(run: live.TrainingRun) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while run.session.worker.failure is None:
        assert time.monotonic() < deadline, "no request failed"
        time.sleep(0.1)
