"""Eight experiments at once on one store: what each wrote is there afterwards, counted point for point."""

import importlib.util
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from mlflow import MlflowClient

from unmask.artifacts import sha256_of_file
from unmask.environment import DVC_EXP_NAME, DVC_ROOT, Environment
from unmask.tracking import restoring
from unmask.tracking.store import locate

HERE = Path(__file__).parent
WORKERS, EPOCHS = 8, 40
WAIT_SECONDS = 600


@pytest.fixture(scope="module")
def finished() -> ModuleType:
    """The module that writes finished folders; loaded by path because tests are no package."""
    spec = importlib.util.spec_from_file_location("finished_of_workers", HERE / "finished.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def work(environment: Environment, folder: Path) -> list[str]:
    """Lets all workers train at once, each in a process of its own.

    Returns:
        The warnings of those for which the store was too slow: on a busy machine, and `unmask track` is for them.
    """
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", str(HERE / "work_once.py"), folder / str(seed), str(seed), str(EPOCHS)],
            env={**os.environ, DVC_ROOT: str(environment.root), DVC_EXP_NAME: f"worker-{seed}"},
            stderr=subprocess.PIPE,
            text=True,
        )
        for seed in range(WORKERS)
    ]
    results = [(process.communicate(timeout=WAIT_SECONDS)[1], process.returncode) for process in processes]
    assert [code for _, code in results] == [0] * WORKERS, results
    return [line for text, _ in results for line in text.splitlines() if "cannot be used" in line]


def count(environment: Environment, folder: Path, finished: ModuleType) -> Counter[str]:
    """Counts what the store has of what the workers wrote, and what it lacks."""
    client, found = MlflowClient(locate(environment).uri), Counter[str]()
    runs = client.search_runs([client.get_experiment_by_name("unmask").experiment_id])
    whole = [run for run in runs if "model_sha256" in run.data.tags]
    known = {run.data.tags["model_sha256"]: run for run in whole}
    assert len(whole) == len(known) == WORKERS
    for seed in range(WORKERS):
        run = known[sha256_of_file(folder / str(seed) / "models" / "cnn" / "model.keras")]
        run_id = run.info.run_id
        assert (run.info.run_name, run.info.status) == (f"cnn worker-{seed}", "FINISHED")
        for name in finished.CURVES:
            points = sorted((point.step, point.value) for point in client.get_metric_history(run_id, name))
            assert points == [(epoch, finished.value(name, epoch, seed=seed)) for epoch in range(EPOCHS)]
            found["points"] += len(points)
        found["points"] += sum(name.startswith("test_") or name == "threshold" for name in run.data.metrics)
        fetched = folder / f"fetched-{seed}"
        fetched.mkdir()
        client.download_artifacts(run_id, "", str(fetched))
        assert sorted(str(path.relative_to(fetched)) for path in fetched.rglob("*.*")) == finished.FILES
        assert (fetched / "evaluation" / "plots" / "7.bin").read_bytes() == bytes([seed, 7]) * 5000
        found["files"] += len(finished.FILES)
        found["models"] += len(client.list_logged_model_artifacts(run.outputs.model_outputs[0].model_id, "data")) > 0
        found["runs"] += 1
    return found


@pytest.mark.parametrize("store", ["SQLite", "PostgreSQL"])
def test_eight_workers_at_once_lose_nothing(
    store: str,
    environment: Environment,
    tmp_path: Path,
    finished: ModuleType,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:
    with ExitStack() as stack:
        if store == "PostgreSQL":
            team = request.getfixturevalue("team")
            environment = replace(environment, tracking_uri=stack.enter_context(team.served(tmp_path)))
        warnings = work(environment, tmp_path)
        for seed in range(WORKERS) if warnings else ():
            surroundings = replace(environment, experiment=f"worker-{seed}")
            restoring.track(tmp_path / str(seed), section=None, environment=surroundings)
        found = count(environment, tmp_path, finished)
    expected = {
        "runs": WORKERS,
        "points": WORKERS * (EPOCHS * len(finished.CURVES) + finished.NUM_SCORES),
        "files": WORKERS * len(finished.FILES),
        "models": WORKERS,
    }
    told = ", ".join(f"{found[name]} of {number} {name}" for name, number in expected.items())
    reasons = Counter(reason for line in warnings for reason in re.findall(r"cannot be used \((.*?)\)", line))
    late = f"; track wrote what {dict(reasons)} left out" if warnings else ""
    record_property("campaign", f"{WORKERS} workers at once on {store}: {told}{late}")
    assert found == expected
