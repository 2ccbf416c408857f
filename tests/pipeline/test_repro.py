"""The real pipeline, shrunk, run by DVC in a clone: what runs, what is cached, what arrives in MLflow."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from unmask.artifacts import sha256_of_file

ROOT = Path(__file__).parents[2]
COPIED = ("src", "stages", "dvc.yaml", "params.yaml", ".dvcignore", ".gitignore", "pyproject.toml")
SHRUNK = {
    "download.sample": {"images": 80, "image_size": 32, "seed": 7},
    "preprocess.image_size": 32,
    "preprocess.workers": 1,
    "index.workers": 1,
    "split.near_duplicate_distance": 0,
    "train.cnn.recipe.epochs": 2,
    "train.resnet50.recipe.epochs": 1,
    "evaluate.bootstrap_samples": 100,
}

LIST_RUNS = """
import json, sys
from mlflow import MlflowClient
client = MlflowClient(sys.argv[1])
experiment = client.get_experiment_by_name("unmask")
runs = client.search_runs([experiment.experiment_id]) if experiment else []
print(json.dumps([
    {"model": run.data.params["model"], "status": run.info.status, "tags": run.data.tags, "metrics": run.data.metrics,
     "splits": sorted(entry.dataset.name for entry in run.inputs.dataset_inputs)}
    for run in runs
]))
"""


class Project:
    """A small git and DVC repository that holds this project's pipeline."""

    def __init__(self, root: Path, *, site_cache: Path) -> None:
        self.root = root
        # The interpreter that runs the tests runs the stages too; DVC's cache of states is its own.
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("DVC_", "MLFLOW_", "GIT_"))},
            "DVC_SITE_CACHE_DIR": str(site_cache),
            "DVC_NO_ANALYTICS": "1",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "GIT_AUTHOR_NAME": "test",
            "GIT_AUTHOR_EMAIL": "test@example.org",
            "GIT_COMMITTER_NAME": "test",
            "GIT_COMMITTER_EMAIL": "test@example.org",
        }

    def run(self, *command: str, is_checked: bool = True) -> subprocess.CompletedProcess[str]:
        finished = subprocess.run(
            command, cwd=self.root, env=self.environment, capture_output=True, text=True, timeout=600, check=False
        )
        if is_checked and finished.returncode:
            pytest.fail(f"{' '.join(command)}:\n{finished.stdout[-3000:]}\n{finished.stderr[-3000:]}")
        return finished

    def repro(self) -> list[str]:
        """Reproduces, and names the stages that ran."""
        lines = self.run("dvc", "repro").stdout.splitlines()
        return [line.split("'")[1] for line in lines if line.startswith("Running stage '")]

    def set_parameters(self, values: dict[str, Any]) -> None:
        path = self.root / "params.yaml"
        parameters = yaml.safe_load(path.read_text())
        for name, value in values.items():
            *parents, last = name.split(".")
            section = parameters
            for parent in parents:
                section = section[parent]
            section[last] = value
        path.write_text(yaml.safe_dump(parameters, sort_keys=False))

    def content(self, *folders: str) -> dict[str, str]:
        """Hashes every file of some folders."""
        files = [path for folder in folders for path in (self.root / folder).rglob("*") if path.is_file()]
        return {str(path.relative_to(self.root)): sha256_of_file(path) for path in files}

    def runs(self) -> list[dict[str, Any]]:
        """Reads MLflow's store in a process of its own: this one would go on seeing a database that was deleted."""
        uri = f"sqlite:///{self.root}/mlruns/mlflow.db"
        return json.loads(self.run(sys.executable, "-W", "ignore", "-c", LIST_RUNS, uri).stdout)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The pipeline, reproduced once; the tests below go on from there in the order they stand."""
    root = tmp_path_factory.mktemp("project")
    for name in COPIED:
        source = ROOT / name
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(source, root / name, ignore=ignored) if source.is_dir() else shutil.copy(source, root / name)
    project = Project(root, site_cache=tmp_path_factory.mktemp("site-cache"))
    project.set_parameters(SHRUNK)
    for command in (("git", "init", "-q"), ("dvc", "init", "-q"), ("git", "add", "."), ("git", "commit", "-qm", "all")):
        project.run(*command)
    project.repro()
    project.run("git", "add", ".")
    project.run("git", "commit", "-qm", "reproduced")
    return project


def test_nothing_runs_again_when_nothing_changed(project: Project) -> None:
    assert project.repro() == []


def test_git_sees_no_output_of_the_pipeline(project: Project) -> None:
    assert project.run("git", "status", "--porcelain").stdout == ""
    tracked = project.run("git", "ls-files").stdout.splitlines()
    assert not [path for path in tracked if path.startswith(("data/", "models/", "reports/", "mlruns/"))]


def test_the_store_holds_one_finished_run_a_model_with_curves_scores_and_lineage(project: Project) -> None:
    runs = project.runs()
    assert sorted(run["model"] for run in runs) == ["cnn", "resnet50"]
    for run in runs:
        assert run["status"] == "FINISHED"
        assert {"model_sha256", "data_sha256", "git_commit"} <= set(run["tags"])
        assert {"validation_loss", "test_roc_auc_score", "test_accuracy_score_low"} <= set(run["metrics"])
        assert len(run["splits"]) == 3
    assert set(runs[0]["metrics"]) == set(runs[1]["metrics"])


def test_dvc_shows_metrics_plots_and_parameters(project: Project) -> None:
    assert "roc_auc_score" in project.run("dvc", "metrics", "show").stdout
    assert "index.html" in project.run("dvc", "plots", "show").stdout
    assert project.run("dvc", "params", "diff").stdout.strip() == ""


def test_a_bad_parameter_stops_before_anything_is_lost(project: Project) -> None:
    project.set_parameters({"train.cnn.recipe.optimizer.learning_rate": -1.0})
    failed = project.run("dvc", "repro", is_checked=False)
    assert failed.returncode != 0
    message = "train.cnn.recipe.optimizer.learning_rate: got -1.0; expected greater than 0"
    assert message in failed.stderr
    assert "Traceback" not in failed.stderr
    assert (project.root / "models" / "cnn" / "model.keras").exists()
    project.run("git", "checkout", "params.yaml")


def test_a_changed_evaluation_parameter_retrains_nothing(project: Project) -> None:
    project.set_parameters({"evaluate.calibration_bins": 5})
    assert project.repro() == ["evaluate@cnn", "evaluate@resnet50", "compare"]
    assert len(project.runs()) == 2


def test_a_changed_learning_rate_reruns_its_own_model_only(project: Project) -> None:
    project.set_parameters({"train.cnn.recipe.optimizer.learning_rate": 0.002})
    assert project.repro() == ["train@cnn", "evaluate@cnn", "compare"]
    assert len(project.runs()) == 3


def test_the_same_seed_gives_the_same_bytes(project: Project) -> None:
    folders = ("data", "models/cnn")
    before = project.content(*folders)
    project.run("dvc", "repro", "-f", "-s", "download", "index", "split", "preprocess", "train@cnn")
    assert project.content(*folders) == before


def test_an_experiment_in_a_copy_of_the_checkout_arrives_in_the_main_store(project: Project) -> None:
    project.run("git", "add", ".")
    project.run("git", "commit", "-qm", "before the experiment")
    before = len(project.runs())
    project.run("dvc", "exp", "run", "--temp", "--name", "elsewhere", "-S", "train.cnn.recipe.seed=8")
    assert len(project.runs()) == before + 1
    assert "elsewhere" in {run["tags"].get("dvc_experiment", "") for run in project.runs()}


def test_runs_come_back_from_the_files(project: Project) -> None:
    shutil.rmtree(project.root / "mlruns")
    project.run("unmask", "track")
    project.run("unmask", "track")
    runs = project.runs()
    assert sorted(run["model"] for run in runs) == ["cnn", "resnet50"]
    assert all("test_roc_auc_score" in run["metrics"] for run in runs)


@pytest.mark.slow
def test_two_queued_experiments_at_once_make_the_store_and_both_arrive(project: Project) -> None:
    shutil.rmtree(project.root / "mlruns", ignore_errors=True)
    project.run("git", "add", ".")
    project.run("git", "commit", "-qm", "before the queue", "--allow-empty")
    for seed in (21, 22):
        project.run("dvc", "exp", "run", "--queue", "--name", f"seed-{seed}", "-S", f"train.cnn.recipe.seed={seed}")
    project.run("dvc", "queue", "start", "--jobs", "2")
    try:
        deadline = time.monotonic() + 500
        while (status := project.run("dvc", "queue", "status").stdout).count("Success") < 2:
            assert "Failed" not in status, status
            assert time.monotonic() < deadline, status
            time.sleep(2)
    finally:
        project.run("dvc", "queue", "stop", "--kill", is_checked=False)
    runs = {run["tags"].get("dvc_experiment", ""): run for run in project.runs()}
    assert {"seed-21", "seed-22"} <= set(runs)
    assert {runs[name]["status"] for name in ("seed-21", "seed-22")} == {"FINISHED"}
