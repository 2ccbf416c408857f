"""The machine's load beside the curves of a training."""

import threading
import time
from dataclasses import dataclass

import mlflow
import pytest

from unmask.environment import Environment
from unmask.tracking import live
from unmask.tracking.machine_load import MachineLoad
from unmask.tracking.runs import Runs
from unmask.tracking.store import Store, locate, prepare

INTERVAL = "MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL"
NAME = "system/cpu_utilization_percentage"
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Section:
    epochs: int


def steps_of(store: Store, run_id: str) -> list[int]:
    history = mlflow.MlflowClient(store.uri).get_metric_history(run_id, NAME)
    return sorted(metric.step for metric in history)


def wait_for_samples(store: Store, run_id: str, *, more_than: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(steps_of(store, run_id)) <= more_than:
        assert time.monotonic() < deadline, "no sample arrived"
        time.sleep(0.05)


def is_watching() -> bool:
    return any(thread.name == "SystemMetricsMonitor" for thread in threading.enumerate())


def test_a_training_shows_the_machines_load_and_stops_watching_before_its_files_are_sent(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(INTERVAL, "0.05")
    watching: list[bool] = []
    with live.training_run(model_name="cnn", section=Section(epochs=3), environment=environment, key="k") as run:
        run.session.worker.run(lambda: watching.append(is_watching()), seconds=PATIENCE_SECONDS)
        wait_for_samples(locate(environment), run.run_id, more_than=0)
        run.session.submit(run.end_load)
        run.session.worker.run(lambda: watching.append(is_watching()), seconds=PATIENCE_SECONDS)
    assert watching == [True, False]


def test_a_run_that_goes_on_has_one_sample_a_step(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(INTERVAL, "0.05")
    store = locate(environment)
    prepare(store)
    run_id = Runs(store).start("cnn", parameters={}, tags={})
    for _ in range(2):
        before = len(steps_of(store, run_id))
        load = MachineLoad(store, run_id=run_id)
        wait_for_samples(store, run_id, more_than=before)
        load.end()
        load.end()
    steps = steps_of(store, run_id)
    assert steps == list(range(len(steps)))


def test_a_run_that_is_gone_ends_the_watching_and_raises_nothing(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(INTERVAL, "0.05")
    store = locate(environment)
    prepare(store)
    load = MachineLoad(store, run_id="f" * 32)
    load.monitor._process.join(PATIENCE_SECONDS)
    assert not is_watching()
    load.end()
