"""Retraining as CI runs it: a bare git remote, a DVC remote, an MLflow server, and clones that play the runner."""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from killing import wait_until
from mlflow_server import served
from project import Project, make_project

from unmask.data.drawing.specimen import draw_specimen
from unmask.environment import Environment
from unmask.promotion.promote import log
from unmask.records import FAKE, REAL
from unmask.retraining.retrain import Result
from unmask.tracking.registry import CHAMPION, Registry
from unmask.tracking.session import ask

OPEN_GATES = {
    "promote": {
        "min_accuracy": 0.0,
        "min_roc_auc": 0.0,
        "max_calibration_error": 1.0,
        "min_worst_accuracy": 0.0,
        "min_external_roc_auc": 0.0,
        "max_audit_warnings": 9,
        "max_megabytes": 300.0,
        "max_latency_ms": 60000.0,
    }
}
IMAGES, SIDE = 80, 32
PLANTED = "planted-token"


@dataclass(frozen=True)
class Team:
    """What a team shares.

    Attributes:
        folder: holds the git remote, the DVC remote, the archive and the runners.
        server: MLflow's address.
        environment: its store.
    """

    folder: Path
    server: str
    environment: Environment

    def runner(self, name: str, *, changes: dict[str, Any] | None = None) -> Project:
        """Clones the remote, with an empty cache; changes are committed as a pull request's are."""
        clone = Project(self.folder / name, site_cache=self.folder / f"site-{name}")
        clone.root.mkdir()
        clone.environment["MLFLOW_TRACKING_URI"] = self.server
        clone.environment["PYTHONPATH"] = str(clone.root / "src")
        clone.run("git", "clone", "-q", str(self.folder / "remote.git"), ".")
        if changes:
            clone.set_parameters(changes)
            clone.run("git", "commit", "-qam", "a change")
        return clone

    def champion(self) -> str:
        """Asks the registry."""
        return ask(lambda runs: Registry(runs).pointed(CHAMPION), environment=self.environment)

    def write_archive(self, *, seed: int) -> Path:
        """Draws the data set, which lies upstream of the pipeline."""
        pictures = self.folder / "faces"
        shutil.rmtree(pictures, ignore_errors=True)
        for label, name in ((REAL, "real"), (FAKE, "fake")):
            (pictures / name).mkdir(parents=True)
            for index in range(IMAGES // 2):
                content = draw_specimen(seed=seed, label=label, index=index, image_size=SIDE)
                (pictures / name / f"{index:03d}.jpg").write_bytes(content)
        return Path(shutil.make_archive(str(pictures), "zip", pictures))


def retrain(runner: Project, *options: str) -> tuple[int, str]:
    """Retrains against the remote's main branch; gives the exit status and the report."""
    finished = runner.run("unmask", "retrain", "--against", "origin/main", "--commit", *options, is_checked=False)
    report = runner.root / "report.md"
    assert finished.returncode in [*Result], finished.stdout[-3000:] + finished.stderr[-3000:]
    return finished.returncode, report.read_text()


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """A team whose first champion is trained, pushed and promoted."""
    folder = tmp_path_factory.mktemp("team")
    surroundings = Environment(
        root=folder, experiment="", tracking_uri=f"sqlite:///{folder}/store/mlflow.db", real_data=None, machine="bench"
    )
    with served(surroundings, folder=folder) as address:
        made = Team(folder, address, surroundings)
        first = make_project(folder / "first", site_cache=folder / "site-first")
        first.environment.update({"MLFLOW_TRACKING_URI": address, "PYTHONPATH": str(first.root / "src")})
        first.set_parameters(
            {
                "download.source": "archive",
                "download.archive": str(made.write_archive(seed=1)),
                "evaluate.robustness_images": 0,  # minutes of every training, and no gate asks for it here
                **OPEN_GATES,
            }
        )
        first.run("git", "init", "-q", "--bare", "-b", "main", str(folder / "remote.git"))
        first.run("git", "branch", "-m", "main")
        first.run("git", "remote", "add", "origin", str(folder / "remote.git"))
        first.run("dvc", "remote", "add", "-q", "-d", "store", str(folder / "dvc-remote"))
        first.run("git", "commit", "-qam", "a team's set-up")
        first.run("git", "push", "-q", "origin", "main")
        code, report = retrain(first, "--promote", "--push", "main", "--why", "the first")
        assert code == Result.PASSED, report
        yield made
        for runner in [path for path in folder.iterdir() if (path / ".dvc").is_dir()]:
            Project(runner, site_cache=folder / "site").end_processes()


def test_nothing_to_do_trains_nothing_and_says_so(team: Team) -> None:
    code, report = retrain(team.runner("idle"), "--promote")
    assert (code, "Nothing to do" in report) == (Result.NOTHING_TO_DO, True)


def test_a_changed_parameter_of_the_cnn_trains_the_cnn_alone(team: Team) -> None:
    runner = team.runner("parameter", changes={"train.cnn.recipe.seed": 8})
    champion = team.champion()
    code, report = retrain(runner)
    assert code in (Result.PASSED, Result.REFUSED)
    assert "Trained: cnn." in report
    assert "| `train.cnn.recipe.seed` | 7 | 8 |" in report
    assert team.champion() == champion  # not asked to promote
    assert runner.run("git", "log", "-1", "--format=%s").stdout.startswith("Retrained")


def test_a_changed_evaluation_trains_nothing_and_no_password_is_left(team: Team) -> None:
    runner = team.runner("evaluation", changes={"evaluate.bootstrap_samples": 120})
    runner.environment["MLFLOW_TRACKING_URI"] = team.server.replace("http://", f"http://ada:{PLANTED}@")
    code, report = retrain(runner)
    assert code in (Result.PASSED, Result.REFUSED)
    assert "Trained: none." in report
    assert "`evaluate@cnn`" in report
    assert PLANTED not in report
    files = [path for folder in ("store", "dvc-remote", "evaluation") for path in (team.folder / folder).rglob("*")]
    assert not [path for path in files if path.is_file() and PLANTED.encode() in path.read_bytes()]


def test_new_data_upstream_trains_both(team: Team) -> None:
    runner = team.runner("data")
    team.write_archive(seed=2)
    try:
        _, report = retrain(runner)
    finally:
        team.write_archive(seed=1)
    assert "Trained: cnn, resnet50." in report or "Trained: resnet50, cnn." in report
    assert "faces.zip is another file" in report
    assert "| `sha256` |" in report


def test_a_worse_model_is_refused_and_the_champion_stays(team: Team) -> None:
    champion = team.champion()
    runner = team.runner("worse", changes={"promote.min_roc_auc": 1.0, "train.cnn.recipe.epochs": 1})
    code, report = retrain(runner, "--promote")
    assert code == Result.REFUSED
    assert "refused" in report
    assert team.champion() == champion
    assert log(team.environment)[0][-1].outcome == "refused"


def test_killed_in_the_middle_it_goes_on(team: Team) -> None:
    runner = team.runner("killed", changes={"train.cnn.recipe.seed": 11, "train.cnn.recipe.epochs": 6})
    started = runner.start("unmask", "retrain", "--against", "origin/main", "--commit", log=team.folder / "killed.log")
    wait_until(lambda: any((runner.root / "models").glob(".*")), alive=lambda: started.poll() is None)
    assert started.poll() is None
    runner.end_processes()
    started.wait()
    code, report = retrain(runner)
    assert code in (Result.PASSED, Result.REFUSED)
    assert "Trained: cnn." in report


def test_two_at_once_harm_neither_remote_nor_store_nor_registry(team: Team) -> None:
    runners = [team.runner(f"at-once-{seed}", changes={"train.cnn.recipe.seed": seed}) for seed in (21, 22)]
    command = ("unmask", "retrain", "--against", "origin/main", "--commit", "--promote")
    processes = [runner.start(*command, log=team.folder / f"{runner.root.name}.log") for runner in runners]
    assert all(process.wait(850) in (*Result, 1) for process in processes)
    decisions, now = log(team.environment)
    assert team.champion() == now.champion
    assert [decision.number for decision in decisions] == list(range(1, len(decisions) + 1))
    for runner in runners:  # all that was pushed can be had again, whole
        fresh = team.folder / f"fresh-{runner.root.name}"
        shutil.copytree(runner.root, fresh, ignore=shutil.ignore_patterns("models", "reports", "data", "cache", "tmp"))
        pulled = Project(fresh, site_cache=team.folder / f"site-{fresh.name}")
        pulled.run("dvc", "pull")
        assert pulled.content("models") == runner.content("models")
