"""A small git and DVC repository that holds this project's pipeline, shrunk, for tests that run DVC."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from unmask.artifacts import UNFINISHED, sha256_of_file
from unmask.environment import MLFLOW_TRACKING_URI

ROOT = Path(__file__).parents[2]
EXTERNAL = "data/external/README.md"
COPIED = ("src", "stages", "dvc.yaml", "params.yaml", ".dvcignore", ".gitignore", "pyproject.toml", EXTERNAL)
SHRUNK = {
    "download.sample": {"images": 80, "image_size": 32, "seed": 7},
    "preprocess.image_size": 32,
    "preprocess.workers": 1,
    "index.workers": 1,
    "split.near_duplicate_distance": 0,
    "search_loss.cnn.epochs": 0,
    "train.cnn.recipe.loss": "binary_crossentropy",
    "train.cnn.recipe.epochs": 2,
    "train.resnet50.recipe.epochs": 1,
    "train.resnet50.architecture.last_stage": 2,  # half of the time that its graph takes to build
    "train.resnet50.recipe.test_time_flip": False,
    "evaluate.bootstrap_samples": 100,
    "evaluate.robustness_images": 8,
}
LOSSES = ("binary_crossentropy", "brier")  # a cell of the search is a process of its own, also where it is switched off
MEASURED = "reports/search_loss/${{item.model}}-{}"
OUTPUTS = ("data", "models", "reports", "bundles")
PARENTS = (
    "bundles",
    "data",
    "data/features",
    "data/shards",
    "models",
    "reports",
    "reports/evaluate",
    "reports/evaluate_external",
    "reports/search_loss",
    "reports/choose_loss",
)  # of the folders that stages make
OURS = ("DVC_", "MLFLOW_", "GIT_")

# DVC writes its own two files in place, so that a kill or a full disk can cut them short. It says so in these words,
# and needs this help, which CONTRIBUTING.md describes.
CUT_SHORT = ("dvc.lock", "'int' object has no attribute 'endswith'", "RWLock-file")
MENDING = (("git", "checkout", "dvc.lock"), ("rm", "-f", ".dvc/tmp/rwlock"))

LIST_RUNS = """
import json, sys
from mlflow import MlflowClient
client = MlflowClient(sys.argv[1])
experiment = client.get_experiment_by_name("unmask")
runs = client.search_runs([experiment.experiment_id]) if experiment else []
print(json.dumps([
    {"model": run.data.params["model"], "status": run.info.status, "tags": run.data.tags,
     "metrics": {name: [[point.step, point.value] for point in client.get_metric_history(run.info.run_id, name)]
                 for name in run.data.metrics},
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
            **{key: value for key, value in os.environ.items() if not key.startswith(OURS)},
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
            command, cwd=self.root, env=self.environment, capture_output=True, text=True, timeout=850, check=False
        )
        if is_checked and finished.returncode:
            pytest.fail(f"{' '.join(command)}:\n{finished.stdout[-3000:]}\n{finished.stderr[-3000:]}")
        return finished

    def start(self, *command: str, log: Path) -> subprocess.Popen[bytes]:
        """Starts a command that writes to a log; `end_processes` ends it and all it started."""
        with log.open("wb") as output:
            return subprocess.Popen(
                command, cwd=self.root, env=self.environment, stdout=output, stderr=subprocess.STDOUT
            )

    def repro(self, *options: str) -> list[str]:
        """Reproduces, and names the stages that ran."""
        lines = self.run("dvc", "repro", *options).stdout.splitlines()
        return [line.split("'")[1] for line in lines if line.startswith("Running stage '")]

    def repro_after_accident(self, *options: str) -> bool:
        """Reproduces after a kill or on a disk that was full.

        Returns:
            Whether DVC's own files were cut short and had to be mended first.
        """
        finished = self.run("dvc", "repro", *options, is_checked=False)
        is_cut_short = bool(finished.returncode) and any(words in finished.stderr for words in CUT_SHORT)
        if is_cut_short:
            for command in MENDING:
                self.run(*command)
            finished = self.run("dvc", "repro", *options, is_checked=False)
        assert finished.returncode == 0, finished.stdout + finished.stderr
        return is_cut_short

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
        """Hashes every file of some folders, leaving out what is not finished."""
        files = [path for folder in folders for path in (self.root / folder).rglob("*") if path.is_file()]
        names = {str(path.relative_to(self.root)): path for path in files}
        return {name: sha256_of_file(path) for name, path in names.items() if f"{UNFINISHED}/" not in name}

    def unfinished(self) -> list[Path]:
        """Lists the hidden folders in which outputs are being written, or were when a process died."""
        return [path for folder in PARENTS for path in (self.root / folder).glob(f".*{UNFINISHED}")]

    def runs(self) -> list[dict[str, Any]]:
        """Reads MLflow's store in a process of its own: this one would go on seeing a database that was deleted.

        Returns:
            The runs; of each metric every (step, value).
        """
        uri = self.environment.get(MLFLOW_TRACKING_URI, f"sqlite:///{self.root}/mlruns/mlflow.db")
        return json.loads(self.run(sys.executable, "-W", "ignore", "-c", LIST_RUNS, uri).stdout)

    def processes(self) -> list[psutil.Process]:
        """Lists the living processes that run in this project's folder."""
        living = []
        for process in psutil.process_iter(["cwd", "status"]):
            is_here = Path(process.info["cwd"] or "/").is_relative_to(self.root)
            if is_here and process.info["status"] != psutil.STATUS_ZOMBIE:
                living.append(process)
        return living

    def end_processes(self) -> None:
        """Kills whatever still runs in this project's folder."""
        while living := self.processes():
            for process in living:
                process.kill()
            psutil.wait_procs(living, timeout=10)


def make_project(root: Path, *, site_cache: Path) -> Project:
    """Copies the pipeline into a new repository, shrunk and committed, nothing run yet."""
    root.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        source = ROOT / name
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, root / name, ignore=ignored) if source.is_dir() else shutil.copy(source, root / name)
    project = Project(root, site_cache=site_cache)
    project.set_parameters(SHRUNK)
    search_among(LOSSES, root / "dvc.yaml")
    for command in (("git", "init", "-q"), ("dvc", "init", "-q"), ("git", "add", "."), ("git", "commit", "-qm", "all")):
        project.run(*command)
    return project


def search_among(losses: Sequence[str], pipeline: Path) -> None:
    """Gives the search other losses: the matrix, and what the choice reads."""
    content = yaml.safe_load(pipeline.read_text())
    search, choice = (content["stages"][name] for name in ("search_loss", "choose_loss"))
    before, after = ([MEASURED.format(loss) for loss in some] for some in (search["matrix"]["loss"], losses))
    search["matrix"]["loss"] = list(losses)
    assert " ".join(before) in choice["cmd"]
    choice["cmd"] = choice["cmd"].replace(" ".join(before), " ".join(after))
    choice["deps"] = [*after, *(path for path in choice["deps"] if path not in before)]
    pipeline.write_text(yaml.safe_dump(content, sort_keys=False))
