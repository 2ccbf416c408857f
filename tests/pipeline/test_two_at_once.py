"""Two pipelines at once: in two clones, which share MLflow's store and DVC's cache of states, and in one clone."""

import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from killing import wait_until
from project import OUTPUTS, Project, make_project

from unmask.artifacts import sha256_of_file
from unmask.environment import MLFLOW_TRACKING_URI
from unmask.tracking.contents import HISTORY_FILE, METRICS_FILE, MODEL_FILE, Point, read_curves, read_scores

DATA = ({"download.sample.seed": 7}, {"download.sample.seed": 8, "split.seed": 9})  # of the two clones
LAST_CHEAP = "split"  # of the stages that need no TensorFlow
MODELS = ("cnn", "resnet50")
OF_THE_MACHINE = ("images_per_second", "input_wait_share")  # no file of the pipeline's has them
END_SECONDS = 1800
BUSY = "is busy, it is being blocked by"  # DVC's words: a stage's files are held by another process
LOCKED = "Unable to acquire lock"  # DVC's words: all of the clone is


@pytest.fixture(scope="module")
def clones(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, ...]]:
    """Two clones with data of their own, which share the cache of states."""
    folder = tmp_path_factory.mktemp("clones")
    made = tuple(make_project(folder / f"clone-{number}", site_cache=folder / "site") for number in range(len(DATA)))
    for clone, parameters in zip(made, DATA, strict=True):
        clone.set_parameters(parameters)
    yield made
    for clone in made:
        clone.end_processes()
        shutil.rmtree(clone.root)


@pytest.fixture(scope="module")
def alone(clones: tuple[Project, ...]) -> list[dict[str, str]]:
    """What each clone makes alone, of the cheap stages."""
    return [run_alone(clone, LAST_CHEAP) for clone in clones]


@pytest.fixture(autouse=True)
def clear(clones: tuple[Project, ...], alone: list[dict[str, str]]) -> None:
    """Takes away all that an earlier test made."""
    for clone in clones:
        clone.run("git", "clean", "-xdfq")
        assert not (clone.root / "dvc.lock").exists()


def made_files(project: Project) -> dict[str, str]:
    """Hashes all that a run leaves: the outputs, and what DVC says of them."""
    return {**project.content(*OUTPUTS), "dvc.lock": sha256_of_file(project.root / "dvc.lock")}


def run_alone(project: Project, *stages: str) -> dict[str, str]:
    """Reproduces with a store of its own, tells what that made, and takes it away."""
    project.repro(*stages)
    made = made_files(project)
    project.run("git", "clean", "-xdfq")
    return made


def run_at_once(clones: Sequence[Project], *stages: str) -> None:
    logs = [clone.root.with_suffix(".log") for clone in clones]
    started = [clone.start("dvc", "repro", *stages, log=log) for clone, log in zip(clones, logs, strict=True)]
    for running, log in zip(started, logs, strict=True):
        assert running.wait(END_SECONDS) == 0, log.read_text()
        assert "cannot be used" not in log.read_text()  # MLflow's store


def expected_run(clone: Project, model: str) -> dict[str, Any]:
    """Says what the store must hold of a model, as the clone's own files have it."""
    folder, report = clone.root / "models" / model, clone.root / "reports" / "evaluate" / model
    scores = [Point(name, value, 0) for name, value in read_scores(report / METRICS_FILE).items()]
    metrics: dict[str, list[list[float]]] = {}
    for point in (*read_curves(folder / HISTORY_FILE), *scores):
        metrics.setdefault(point.name, []).append([point.step, rounded(point.value)])
    return {"model": model, "sha256": sha256_of_file(folder / MODEL_FILE), "status": "FINISHED", "metrics": metrics}


def found_run(run: dict[str, Any]) -> dict[str, Any]:
    """Picks from a run what `expected_run` says; one that was written again from files had been lost before."""
    assert "rebuilt_from_files" not in run["tags"]
    metrics = {
        name: sorted([step, rounded(value)] for step, value in points)
        for name, points in run["metrics"].items()
        if name not in OF_THE_MACHINE and not name.startswith("system/")
    }
    return {
        "model": run["model"],
        "sha256": run["tags"]["model_sha256"],
        "status": run["status"],
        "metrics": metrics,
    }


def rounded(value: float) -> float:
    """Rounds as `history.csv` does; live curves have all digits, and fewer would round some values twice."""
    return round(value, 8)


def by_model(runs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(runs, key=lambda run: (run["model"], run["sha256"]))


def test_two_clones_at_once_each_make_what_they_make_alone(
    clones: tuple[Project, ...], alone: list[dict[str, str]]
) -> None:
    assert alone[0] != alone[1]
    run_at_once(clones, LAST_CHEAP)
    assert [made_files(clone) for clone in clones] == alone
    assert [clone.repro(LAST_CHEAP) for clone in clones] == [[], []]


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_two_clones_at_once_share_a_store_that_did_not_exist_and_lose_nothing(
    clones: tuple[Project, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_alone = [run_alone(clone) for clone in clones]
    database = tmp_path / "shared" / "mlflow.db"
    for clone in clones:
        monkeypatch.setitem(clone.environment, MLFLOW_TRACKING_URI, f"sqlite:///{database}")
    run_at_once(clones)
    expected = [expected_run(clone, model) for clone in clones for model in MODELS]
    assert by_model([found_run(run) for run in clones[0].runs()]) == by_model(expected)
    assert [made_files(clone) for clone in clones] == made_alone
    assert [clone.repro() for clone in clones] == [[], []]
    assert [clone.root for clone in clones if (clone.root / "mlruns").exists()] == []


def test_a_second_repro_in_a_clone_names_the_first_and_disturbs_nothing(
    clones: tuple[Project, ...], alone: list[dict[str, str]]
) -> None:
    clone = clones[0]
    first = clone.start("dvc", "repro", LAST_CHEAP, log=clone.root.with_suffix(".log"))
    wait_until(clone.unfinished, alive=lambda: first.poll() is None)
    stages = psutil.Process(first.pid).children(recursive=True)
    assert stages
    for stage in stages:
        stage.suspend()
    second = clone.run("dvc", "repro", LAST_CHEAP, is_checked=False)
    for stage in stages:
        stage.resume()
    assert second.returncode != 0
    assert BUSY in second.stderr
    assert f"(PID {first.pid})" in second.stderr
    assert "Traceback" not in second.stderr
    assert first.wait(END_SECONDS) == 0
    assert made_files(clone) == alone[0]
    assert clone.repro(LAST_CHEAP) == []


def test_two_repros_at_the_same_moment_in_a_clone_leave_it_whole(
    clones: tuple[Project, ...], alone: list[dict[str, str]]
) -> None:
    clone = clones[0]
    logs = [clone.root.with_name(f"{number}.log") for number in range(2)]
    started = [clone.start("dvc", "repro", LAST_CHEAP, log=log) for log in logs]
    codes = [running.wait(END_SECONDS) for running in started]
    assert 0 in codes, [log.read_text() for log in logs]
    for code, log in zip(codes, logs, strict=True):
        assert code == 0 or BUSY in log.read_text() or LOCKED in log.read_text()
        assert "Traceback" not in log.read_text()
    clone.repro(LAST_CHEAP)
    assert made_files(clone) == alone[0]
    assert clone.repro(LAST_CHEAP) == []
