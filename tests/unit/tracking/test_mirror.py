import contextlib
import json
import logging
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import mlflow
import numpy as np
import pytest
from mlflow.entities import Run

from unmask.artifacts import sha256_of_file
from unmask.environment import Environment
from unmask.errors import TrackingError
from unmask.tracking import live, mirror, restoring
from unmask.tracking.contents import Point
from unmask.tracking.quiet import SETTINGS, TIMEOUT
from unmask.tracking.store import locate

MakeFolder = Callable[..., Path]


@dataclass(frozen=True)
class Section:
    epochs: int
    monitor: str


TRAINING = Section(epochs=3, monitor="loss")
EVALUATION = Section(epochs=0, monitor="half")


def runs_of(environment: Environment) -> list[Run]:
    client = mlflow.MlflowClient(locate(environment).uri)
    experiment = client.get_experiment_by_name("unmask")
    return list(client.search_runs([experiment.experiment_id], order_by=["attributes.start_time ASC"]))


def curve(environment: Environment, run: Run, name: str) -> list[tuple[int, float]]:
    client = mlflow.MlflowClient(locate(environment).uri)
    history = client.get_metric_history(run.info.run_id, name)
    return sorted((metric.step, metric.value) for metric in history)


def files_of(environment: Environment, run: Run, folder: str) -> list[str]:
    client = mlflow.MlflowClient(locate(environment).uri)
    return sorted(Path(file.path).name for file in client.list_artifacts(run.info.run_id, folder))


def own_metrics(run: Run) -> dict[str, float]:
    """A run's metrics without the machine's load, which a slow machine has time to sample."""
    return {name: value for name, value in run.data.metrics.items() if not name.startswith("system/")}


def train(environment: Environment, trained: MakeFolder, *, name: str = "cnn", seed: int = 1) -> Path:
    with live.training_run(model_name=name, section=TRAINING, environment=environment) as run:
        for callback in run.callbacks:
            callback.on_epoch_end(0, {"loss": 0.7, "val_loss": 0.71})
        folder = trained(name, seed=seed)
        run.record(folder)
    return folder


def evaluate(environment: Environment, model_folder: Path, report_folder: Path) -> None:
    mirror.record_evaluation(
        model_name=model_folder.name,
        model_folder=model_folder,
        report_folder=report_folder,
        section=EVALUATION,
        environment=environment,
    )


def test_a_finished_training_is_all_there(environment: Environment, trained: MakeFolder) -> None:
    folder = train(replace(environment, experiment="brave-owl"), trained)
    (run,) = runs_of(environment)
    assert (run.info.status, run.info.run_name) == ("FINISHED", "cnn brave-owl")
    assert run.data.params == {"model": "cnn", "epochs": "3", "monitor": "loss"}
    tags = run.data.tags
    assert tags["model_sha256"] == sha256_of_file(folder / "model.keras")
    assert (tags["data_sha256"], tags["machine"], tags["dvc_experiment"]) == ("d" * 64, "bench", "brave-owl")
    assert tags["dvc_stage"] == "train@cnn"
    assert {"git_commit", "git_dirty"} <= set(tags)
    assert curve(environment, run, "loss") == [(0, 0.7), (1, 0.6), (2, 0.5)]
    assert curve(environment, run, "validation_loss") == [(0, 0.71), (1, 0.65), (2, 0.66)]
    assert curve(environment, run, "learning_rate") == [(0, 0.001), (1, 0.0005), (2, 0.0001)]
    assert files_of(environment, run, "training") == ["history.csv", "training.json"]
    data = {entry.dataset.name: (entry.dataset.digest, entry.dataset.profile) for entry in run.inputs.dataset_inputs}
    assert data == {"train": ("d" * 12, '{"num_rows": 70}'), "validation": ("d" * 12, '{"num_rows": 15}')}
    assert all(
        json.loads(entry.dataset.source)["uri"].startswith("data/shards/") for entry in run.inputs.dataset_inputs
    )


def test_the_picture_of_the_first_batch_goes_with_the_training(environment: Environment, trained: MakeFolder) -> None:
    with live.training_run(model_name="cnn", section=TRAINING, environment=environment) as run:
        folder = trained()
        (folder / "first_batch.png").write_bytes(b"a picture")
        run.record(folder)
    (found,) = runs_of(environment)
    assert "first_batch.png" in files_of(environment, found, "training")


@pytest.mark.parametrize("patch", [b"", b"diff --git a/params.yaml b/params.yaml\r\n\xff\0"])
def test_a_training_from_uncommitted_changes_keeps_them(
    environment: Environment, patch: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "changes", lambda _: patch)
    with live.training_run(model_name="cnn", section=TRAINING, environment=environment):
        pass
    (run,) = runs_of(environment)
    assert files_of(environment, run, "") == (["changes.patch"] if patch else [])
    if patch:
        client = mlflow.MlflowClient(locate(environment).uri)
        assert Path(client.download_artifacts(run.info.run_id, "changes.patch")).read_bytes() == patch


def test_the_model_carries_its_signature_and_answers(environment: Environment, trained: MakeFolder) -> None:
    import keras

    folder = train(environment, trained)
    (run,) = runs_of(environment)
    client = mlflow.MlflowClient(locate(environment).uri)
    model = client.get_logged_model(run.outputs.model_outputs[0].model_id)
    loaded = mlflow.pyfunc.load_model(model.artifact_location)
    signature = loaded.metadata.signature
    assert [(spec.type, spec.shape) for spec in signature.inputs] == [(np.dtype("float32"), (-1, 16, 16, 3))]
    assert [(spec.type, spec.shape) for spec in signature.outputs] == [(np.dtype("float32"), (-1, 1))]
    picture = np.full((1, 16, 16, 3), 99, np.float32)
    direct = keras.saving.load_model(folder / "model.keras").predict_on_batch(picture)
    np.testing.assert_array_equal(loaded.predict(picture), direct)
    # The best epoch of training.json is 1: its metrics are the model's own.
    assert {metric.key: metric.value for metric in model.metrics}["validation_loss"] == 0.65
    assert model.tags["model_sha256"] == run.data.tags["model_sha256"]


def test_an_evaluation_joins_the_run_of_its_model(
    environment: Environment, trained: MakeFolder, judged: MakeFolder
) -> None:
    folder = train(environment, trained)
    train(environment, trained, name="resnet50", seed=2)
    evaluate(environment, folder, judged())
    cnn, resnet50 = runs_of(environment)
    assert cnn.data.metrics["test_accuracy_score"] == 0.9
    assert (cnn.data.metrics["test_accuracy_score_low"], cnn.data.metrics["test_accuracy_score_high"]) == (0.85, 0.95)
    assert cnn.data.metrics["threshold"] == 0.4
    assert cnn.data.tags["evaluate.monitor"] == "half"
    assert files_of(environment, cnn, "evaluation") == ["metrics.json", "plots"]
    assert files_of(environment, cnn, "evaluation/plots") == ["roc.png"]
    assert "test_accuracy_score" not in resnet50.data.metrics


def test_the_test_split_joins_the_data_of_its_models_run_once(
    environment: Environment, trained: MakeFolder, judged: MakeFolder
) -> None:
    folder = train(environment, trained)
    for accuracy in (0.9, 0.8):
        report = judged(accuracy=accuracy)
        metrics = json.loads((report / "metrics.json").read_text())
        records = {"validation": {"fake": 7, "real": 8}, "test": {"fake": 20, "real": 11}}
        (report / "metrics.json").write_text(
            json.dumps({**metrics, "test_shards_sha256": "e" * 64, "records": records})
        )
        evaluate(environment, folder, report)
    (run,) = runs_of(environment)
    (test,) = [entry for entry in run.inputs.dataset_inputs if entry.dataset.name == "test"]
    assert (test.dataset.digest, test.dataset.profile) == ("e" * 12, '{"num_rows": 31}')  # 20 + 11
    assert [(tag.key, tag.value) for tag in test.tags] == [("mlflow.data.context", "test")]
    assert len(run.inputs.dataset_inputs) == 3


def test_the_same_evaluation_twice_is_once_and_another_is_added(
    environment: Environment, trained: MakeFolder, judged: MakeFolder
) -> None:
    folder = train(environment, trained)
    for accuracy in (0.9, 0.9, 0.8):
        evaluate(environment, folder, judged(accuracy=accuracy))
    (run,) = runs_of(environment)
    assert curve(environment, run, "test_accuracy_score") == [(0, 0.8), (0, 0.9)]
    assert run.data.metrics["test_accuracy_score"] == 0.8


def test_an_evaluation_makes_the_run_of_a_model_that_the_store_does_not_know(
    environment: Environment, trained: MakeFolder, judged: MakeFolder
) -> None:
    folder = trained()
    evaluate(environment, folder, judged())
    (run,) = runs_of(environment)
    assert run.data.tags["model_sha256"] == sha256_of_file(folder / "model.keras")
    assert run.data.tags["rebuilt_from_files"] == "true"
    assert run.data.params["recipe.optimizer.learning_rate"] == "0.001"
    assert run.data.metrics["test_accuracy_score"] == 0.9


def test_track_brings_deleted_runs_back_and_twice_is_once(
    environment: Environment, trained: MakeFolder, judged: MakeFolder
) -> None:
    for name, seed in {"cnn": 1, "resnet50": 2}.items():
        evaluate(environment, train(environment, trained, name=name, seed=seed), judged(name))
    before = {run.data.tags["model_sha256"]: own_metrics(run) for run in runs_of(environment)}
    shutil.rmtree(environment.root / "mlruns")
    # A process of its own, because this one holds the deleted database open.
    code = (
        "import sys; from pathlib import Path; from unmask.environment import Environment;"
        "from unmask.tracking import restoring;"
        "root = Path(sys.argv[1]);"
        "surroundings = Environment(root=root, experiment='', tracking_uri='', real_data=None, machine='m');"
        "print(*(len(restoring.track(root, section=None, environment=surroundings)) for _ in range(2)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, str(environment.root)], check=True, capture_output=True, text=True
    )
    assert result.stdout.split() == ["4", "0"]
    copy = environment.root / "copy.db"
    shutil.copy(locate(environment).database, copy)
    after = runs_of(replace(environment, tracking_uri=f"sqlite:///{copy}"))
    assert {run.data.tags["model_sha256"]: own_metrics(run) for run in after} == before
    assert {run.info.status for run in after} == {"FINISHED"}


@pytest.mark.parametrize(
    ("error", "status"), [(ValueError, "FAILED"), (SystemExit, "KILLED"), (KeyboardInterrupt, "KILLED")]
)
def test_a_training_that_ends_early_says_so_and_claims_no_model(
    environment: Environment, error: type[BaseException], status: str
) -> None:
    def stop_early() -> None:
        with live.training_run(model_name="cnn", section=TRAINING, environment=environment) as run:
            run.callbacks[0].on_epoch_end(0, {"loss": 0.7})
            raise error

    with pytest.raises(error):
        stop_early()
    (found,) = runs_of(environment)
    assert found.info.status == status
    assert found.data.metrics == {"loss": 0.7}
    assert "model_sha256" not in found.data.tags


def test_a_finished_folder_that_cannot_be_read_costs_a_warning(
    environment: Environment, trained: MakeFolder, caplog: pytest.LogCaptureFixture
) -> None:
    folder = trained()
    (folder / "history.csv").unlink()
    with live.training_run(model_name="cnn", section=TRAINING, environment=environment) as run:
        run.record(folder)
    assert [record.levelname for record in caplog.records if record.name.startswith("unmask")] == ["WARNING"]
    with pytest.raises(TrackingError, match="cnn is damaged"):
        restoring.track(environment.root, section=None, environment=environment)


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize(("port", "seconds"), [("closed_port", 6), ("silent_port", 12)])
def test_a_dead_server_costs_one_warning_and_a_bounded_wait(
    port: str,
    seconds: float,
    environment: Environment,
    trained: MakeFolder,
    request: pytest.FixtureRequest,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dead = replace(environment, tracking_uri=f"http://ann:secret@127.0.0.1:{request.getfixturevalue(port)}")
    folder = trained()
    started = time.monotonic()
    with (
        caplog.at_level(logging.DEBUG),
        live.training_run(model_name="cnn", section=TRAINING, environment=dead) as run,
    ):
        for epoch in range(200):
            for callback in run.callbacks:
                callback.on_epoch_end(epoch, {"loss": 0.5})
        run.record(folder)
    assert time.monotonic() - started < seconds
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert "***@127.0.0.1" in warnings[0].getMessage()
    assert "secret" not in caplog.text
    monkeypatch.setenv(TIMEOUT, "2")
    with pytest.raises(TrackingError, match=r"cannot write to MLflow's store http://\*\*\*@127"):
        restoring.track(environment.root, section=None, environment=dead)


@pytest.fixture
def slow_port() -> Iterator[int]:
    """A server that thinks for two seconds and refuses in its own words."""

    class Slow(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(2)
            with contextlib.suppress(ConnectionError):  # who asked may wait no longer
                self.send_response(400)
                self.end_headers()
                self.wfile.write(b'{"error_code": "BAD_REQUEST", "message": "slow but alive"}')

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_track_waits_for_a_server_that_training_would_not_wait_for(
    environment: Environment,
    slow_port: int,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(SETTINGS, TIMEOUT, "1")
    monkeypatch.setattr(live, "CONNECT_SECONDS", 1)
    slow = replace(environment, tracking_uri=f"http://127.0.0.1:{slow_port}")
    with live.training_run(model_name="cnn", section=TRAINING, environment=slow):
        pass
    assert "cannot be used" in caplog.text
    assert "slow but alive" not in caplog.text
    with pytest.raises(TrackingError, match="slow but alive"):
        restoring.track(environment.root, section=None, environment=slow)


def test_curves_hurry_and_files_have_mlflows_own_time(
    environment: Environment, trained: MakeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(TIMEOUT, raising=False)
    seen: list[str | None] = []
    with live.training_run(model_name="cnn", section=TRAINING, environment=environment) as run:
        run.session.worker.run(lambda: seen.append(os.environ.get(TIMEOUT)), seconds=60)
        run.record(trained())
        run.session.submit(lambda: seen.append(os.environ.get(TIMEOUT)))
    assert seen == ["5", None]


def test_a_server_that_dies_while_training_costs_one_warning(
    environment: Environment, trained: MakeFolder, caplog: pytest.LogCaptureFixture
) -> None:
    with live.training_run(model_name="cnn", section=TRAINING, environment=environment) as run:
        run.session.runs.client = None  # as if it were gone
        for epoch in range(5):
            run.callbacks[0].on_epoch_end(epoch, {"loss": 0.5})
        run.record(trained())
    assert len([record for record in caplog.records if record.levelno >= logging.WARNING]) == 1


def test_a_damaged_database_costs_a_warning(environment: Environment, caplog: pytest.LogCaptureFixture) -> None:
    database = locate(environment).database
    database.parent.mkdir()
    database.write_bytes(b"not a database" * 1000)
    started = time.monotonic()
    with live.training_run(model_name="cnn", section=TRAINING, environment=environment):
        pass
    assert time.monotonic() - started < 15
    assert len([record for record in caplog.records if record.levelno >= logging.WARNING]) == 1


def test_nothing_of_mlflows_is_left_changed(environment: Environment, trained: MakeFolder) -> None:
    variables, threads = dict(os.environ), threading.active_count()
    uri = mlflow.get_tracking_uri()
    train(environment, trained)
    assert dict(os.environ) == variables
    assert mlflow.get_tracking_uri() == uri
    assert mlflow.active_run() is None
    time.sleep(0.2)
    assert threading.active_count() <= threads


def test_two_experiments_at_once_on_a_store_that_does_not_exist_both_arrive(
    environment: Environment, folders: ModuleType
) -> None:
    script = Path(folders.__file__).with_name("train_once.py")
    processes = [
        subprocess.Popen([sys.executable, str(script), str(environment.root), name], stderr=subprocess.PIPE, text=True)
        for name in ("red", "blue", "green")
    ]
    results = [(process.communicate(timeout=120)[1], process.returncode) for process in processes]
    assert [code for _, code in results] == [0, 0, 0], results
    assert not any("cannot be used" in text for text, _ in results), results
    runs = runs_of(environment)
    assert sorted(run.info.run_name for run in runs) == ["cnn blue", "cnn green", "cnn red"]
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert all("model_sha256" in run.data.tags for run in runs)


def test_interrupted_training_goes_on_in_its_run_and_the_same_training_again_does_not(
    environment: Environment, trained: MakeFolder
) -> None:
    same = {"model_name": "cnn", "section": TRAINING, "environment": environment, "key": "a" * 64}
    interrupt_once(same, Point("live", 0.9, 0))
    assert [run.info.status for run in runs_of(environment)] == ["KILLED"]
    with live.training_run(**same, goes_on=True) as run:
        run.log([Point("live", 0.8, 1)])
        run.record(trained())
    (first,) = runs_of(environment)
    assert first.info.status == "FINISHED"
    assert curve(environment, first, "live") == [(0, 0.9), (1, 0.8)]
    with live.training_run(**same, goes_on=True):
        pass
    assert len(runs_of(environment)) == 2


def test_interrupted_training_whose_run_is_gone_gets_a_new_one(environment: Environment) -> None:
    with live.training_run(model_name="cnn", section=TRAINING, environment=environment, key="b" * 64, goes_on=True):
        pass
    assert len(runs_of(environment)) == 1


def interrupt_once(training: dict[str, Any], point: Point) -> None:
    with contextlib.suppress(KeyboardInterrupt), live.training_run(**training) as run:
        run.log([point])
        raise KeyboardInterrupt
