"""A bundle in MLflow: in the run of its network, in the registry, and served by `mlflow models serve`."""

import base64
import io
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import mlflow
import pandas as pd
import pytest
import requests
from PIL import Image
from small_bundle import make_bundle
from typer.testing import CliRunner

from unmask import Detector
from unmask.artifacts import sha256_of_file
from unmask.cli import app
from unmask.environment import Environment
from unmask.errors import TrackingError
from unmask.serving import locate
from unmask.tracking import restoring
from unmask.tracking.bundle_mirror import record_bundle
from unmask.tracking.models import used_store
from unmask.tracking.registry import CHAMPION, Registry
from unmask.tracking.session import ask
from unmask.tracking.store import locate as locate_store

START_SECONDS = 120


def encoded(grey: int) -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 40), (grey, grey, grey)).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


@pytest.fixture
def champion(environment: Environment, trained: Callable[..., Path]) -> str:
    """A registered champion with a bundle; gives its run."""
    model = trained("cnn", seed=1)
    sha256 = sha256_of_file(model / "model.keras")
    bundle = make_bundle(environment.root / "bundles" / "cnn", model_sha256=sha256)
    for _ in range(2):  # twice is once
        record_bundle(bundle, model_folder=model, environment=environment)

    def crown(runs: object) -> str:
        registry = Registry(runs)
        run_id = runs.find(sha256, experiment="").info.run_id
        registry.point(CHAMPION, registry.register(sha256, run_id=run_id))
        return run_id

    return ask(crown, environment=environment)


def load_alias(name: str, environment: Environment, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setattr(locate.environment, "read", lambda: environment)
    return locate.locate(name, bundles=environment.root / "absent", reports=environment.root / "absent")


def test_a_bundle_joins_its_networks_run_once_and_is_champion(
    environment: Environment, champion: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = ask(lambda runs: runs.get(champion).outputs.model_outputs, environment=environment)
    assert len(outputs) == 2  # the network, and the detector
    assert restoring.track(environment.root, section=None, environment=environment) == []
    detector = load_alias("unmask@champion", environment, monkeypatch)
    (verdict,) = detector.predict([base64.b64decode(encoded(120))])
    assert (detector.name, verdict.label, round(verdict.score, 6)) == ("cnn", "fake", 0.880797)


def test_track_adds_a_bundle_that_the_store_lacks(environment: Environment, trained: Callable[..., Path]) -> None:
    sha256 = sha256_of_file(trained("cnn", seed=1) / "model.keras")
    make_bundle(environment.root / "bundles" / "cnn", model_sha256=sha256)
    written = [restoring.track(environment.root, section=None, environment=environment) for _ in range(2)]
    assert written == [["cnn: training", "cnn: detector"], []]


def test_a_bundle_of_another_network_is_left_out(environment: Environment, trained: Callable[..., Path]) -> None:
    trained("cnn", seed=1)
    make_bundle(environment.root / "bundles" / "cnn")
    assert restoring.track(environment.root, section=None, environment=environment) == ["cnn: training"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("unmask@challenger", "unmask@challenger: no version has this alias; unmask promote"),
        ("faces@champion", "faces@champion: the registry's detector is unmask, as in unmask@champion"),
    ],
)
def test_an_unknown_alias_says_what_there_is(
    environment: Environment, name: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(TrackingError, match=message):
        load_alias(name, environment, monkeypatch)


def test_an_alias_is_looked_up_in_the_checkout_that_is_named(
    environment: Environment, champion: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert Detector.load("unmask@champion", root=environment.root).name == "cnn"


def test_every_command_knows_an_alias(environment: Environment, champion: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(environment.root)
    Path("faces").mkdir()
    for grey in range(30):
        Image.new("RGB", (40, 40), (100 + grey, 100, 100)).save(f"faces/{grey}.jpg")
    served = []
    monkeypatch.setattr("unmask.serving.service.server.run", lambda app, **_: served.append(app))
    runner, named = CliRunner(), ["--model", "unmask@champion"]
    assert "30 pictures" in runner.invoke(app, ["score", "faces", "scores", *named], catch_exceptions=False).stdout
    monitored = runner.invoke(app, ["monitor", "scores", "--reference", "scores", *named], catch_exceptions=False)
    assert monitored.stdout.startswith("No drift")
    assert runner.invoke(app, ["serve", *named], catch_exceptions=False).exit_code == 0
    assert len(served) == 1


@pytest.fixture
def served(environment: Environment, champion: str) -> Iterator[str]:
    """MLflow's own server of the registered champion; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", "models:/unmask@champion"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # it starts uvicorn by its name
    variables = {**os.environ, "MLFLOW_TRACKING_URI": locate_store(environment).uri, "PATH": path}
    log = environment.root / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--env-manager", "local", "-h", "127.0.0.1", "-p", str(port)],
            env=variables,
            cwd=environment.root,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/ping", process=process, log=log)
        yield f"http://127.0.0.1:{port}/invocations"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(address: str, *, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if requests.get(address, timeout=5).ok:
                return
        except requests.RequestException:
            time.sleep(0.2)
    pytest.fail(log.read_text(errors="replace")[-3000:])


def test_mlflow_serves_pictures_in_base64(served: str) -> None:
    pictures = [encoded(120), encoded(80), "no base64", base64.b64encode(b"no picture").decode()]
    rows = {"columns": ["image"], "data": [[picture] for picture in pictures]}
    answer = requests.post(served, json={"dataframe_split": rows}, timeout=60)
    assert answer.status_code == 200, answer.text
    fake, real, *wrong = answer.json()["predictions"]
    assert (fake["label"], round(fake["score"], 6), fake["threshold"]) == ("fake", 0.880797, 0.6)
    assert (real["label"], round(real["score"], 6)) == ("real", 0.119203)
    assert [row["error"] for row in wrong] == ["no base64", "not a JPEG, PNG, WEBP image"]
    other = {"dataframe_split": {"columns": ["x"], "data": [[1]]}}
    assert requests.post(served, json=other, timeout=60).status_code == 400


def test_the_model_loads_from_the_registry_as_a_function(environment: Environment, champion: str) -> None:
    with used_store(locate_store(environment).uri):
        model = mlflow.pyfunc.load_model("models:/unmask@champion")
    answers = model.predict(pd.DataFrame({"image": [encoded(120), encoded(80)]}))
    assert answers["label"].tolist() == ["fake", "real"]
