"""A repository of git and DVC whose one model has a history: two commits, an experiment, a remote."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from unmask import environment
from unmask.artifacts import sha256_of_file
from unmask.environment import Environment

PIPELINE = """
stages:
  train:
    matrix: {model: [cnn]}
    cmd: python make.py
    deps: [make.py]
    params: [train.cnn]
    outs: [data/raw, data/index, data/split, data/shards, models/cnn, reports/evaluate/cnn]
"""
MAKE = """
import hashlib, json, pathlib, yaml

seed = yaml.safe_load(open("params.yaml"))["train"]["cnn"]["recipe"]["seed"]

def write(name, content):
    path = pathlib.Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return hashlib.sha256(path.read_bytes()).hexdigest()

write("data/raw/source.json", {"name": "someone/faces", "version": "4", "sha256": "a" * 64})
write("data/index/records.csv", "member,label,sha256\\nreal/0.jpg,0," + "b" * 64 + "\\nfake/0.jpg,1," + "c" * 64)
write("data/split/train.csv", "member\\n")
shards = {name: write(f"data/shards/{name}/shards.json", {"split": name}) for name in ("train", "validation", "test")}
model = write("models/cnn/model.keras", f"the weights of seed {seed}")
write("models/cnn/training.json", {
    "model": "cnn", "model_sha256": model, "records": {"train": 70, "validation": 15},
    "splits": {name: {"sha256": shards[name]} for name in ("train", "validation")},
    "parameters": {"recipe.seed": seed},
})
score = {"value": 0.9, "low": 0.85, "high": 0.95}
write("reports/evaluate/cnn/metrics.json", {
    "model_sha256": model, "threshold": 0.4, "test_shards_sha256": shards["test"],
    "records": {"test": {"real": 7, "fake": 8}}, "test": {"accuracy_score": score, "roc_auc_score": score},
})
verdicts = ["member,label,score", "real/0.jpg,0,0.2", "fake/0.jpg,1,0.7", "gone.jpg,1,0.6"]
write("reports/evaluate/cnn/predictions.csv", "\\n".join(verdicts))
"""
EXPERIMENT = "bright-owl"


@dataclass(frozen=True)
class Laboratory:
    """The repository.

    Attributes:
        root: its checkout.
        commits: hashes by the seed that was trained in them.
    """

    root: Path
    commits: dict[int, str]

    def train(self, seed: int) -> None:
        write_seed(self.root, seed)
        self.run("dvc", "repro", "-q")

    def run(self, *command: str) -> str:
        return run(self.root, *command)

    def environment(self, *, root: Path | None = None) -> Environment:
        return environment.read({"DVC_ROOT": str(root or self.root)})

    def sha256(self) -> str:
        return sha256_of_file(self.root / "models" / "cnn" / "model.keras")


def run(folder: Path, *command: str) -> str:
    names = {f"GIT_{who}_{what}": "ann@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    variables = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("DVC_", "GIT_"))},
        **names,
        "DVC_SITE_CACHE_DIR": str(folder.parent / "site"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def write_seed(root: Path, seed: int) -> None:
    (root / "params.yaml").write_text(f"train:\n  cnn:\n    recipe:\n      seed: {seed}\n")


def build(root: Path) -> Laboratory:
    """Seed 1, then seed 2, each committed and pushed; seed 3 as an experiment."""
    root.mkdir()
    (root / "dvc.yaml").write_text(PIPELINE)
    (root / "make.py").write_text(MAKE)
    (root / ".gitignore").write_text("/mlruns\n")
    run(root, "git", "init", "-q")
    run(root, "dvc", "init", "-q")
    run(root, "dvc", "remote", "add", "-q", "-d", "store", "../remote")
    commits = {}
    for seed in (1, 2):
        write_seed(root, seed)
        run(root, "dvc", "repro", "-q")
        run(root, "git", "add", ".")
        run(root, "git", "commit", "-qm", f"seed {seed}")
        run(root, "dvc", "push", "-q")
        commits[seed] = run(root, "git", "rev-parse", "HEAD")
    run(root, "dvc", "exp", "run", "-q", "--temp", "-n", EXPERIMENT, "-S", "train.cnn.recipe.seed=3")
    return Laboratory(root, commits)
