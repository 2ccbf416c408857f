"""Training that is killed again and again in the middle of an epoch: its outputs are those of one that never was."""

import json
import os
import random
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from killing import PATIENCE_SECONDS, wait_until
from project import Project, make_project

FAULT_SEED = "FAULT_SEED"  # an environment variable: draws the moments of an earlier campaign again
NUM_KILLS = 10
EPOCHS = 2 * NUM_KILLS + 2  # a kill waits for a finished epoch, and may see another before it strikes
GOES_ON = re.compile(r"goes on from epoch (\d+) of")
SETTINGS = {
    "cnn": {"train.cnn.recipe.batch_size": 1},  # so that an epoch takes a while
    "resnet50": {"train.resnet50.recipe.batch_size": 4},
}


@dataclass
class Resumption:
    """The kills of one model's training.

    Attributes:
        epochs: at each kill, the epochs that were finished.
        fractions: at each kill, how far into the next one it was meant to strike.
        went_on: from which epoch each later start went on, counted from 1.
        epoch_seconds: of the quickest epoch of the training that nothing interrupts.
    """

    project: Project
    model: str
    seed: int
    epochs: list[int] = field(default_factory=list)
    fractions: list[float] = field(default_factory=list)
    went_on: list[int] = field(default_factory=list)
    epoch_seconds: float = 0.0

    def __post_init__(self) -> None:
        self.draw = random.Random(self.seed)
        self.log = self.project.root.with_suffix(".log")
        self.outputs = (f"models/{self.model}", f"reports/evaluate/{self.model}")
        self.command = ("dvc", "repro", "--no-run-cache", "--force", "--single-item", f"train@{self.model}")

    def __str__(self) -> str:
        strikes = ", ".join(f"{epoch}+{part:.2f}" for epoch, part in zip(self.epochs, self.fractions, strict=True))
        return (
            f"train@{self.model}: {len(self.epochs)} kills, at epochs {strikes}; went on from {self.went_on}; "
            f"{self.epoch_seconds:.2f} s an epoch; seed {self.seed}"
        )

    def finished_epochs(self) -> int:
        """Counts the epochs of the state on disk; 0 where there is none, or it is being replaced in this moment."""
        for state in (self.project.root / ".checkpoints" / self.model).glob("[!.]*/state.json"):
            try:
                return len(json.loads(state.read_text())["rows"])
            except FileNotFoundError:
                break
        return 0

    def train_undisturbed(self) -> dict[str, str]:
        """Trains and evaluates, times the epochs, and gives every output's hash."""
        moments: list[float] = []
        running = self.project.start(*self.command, log=self.log)
        seen = 0
        while running.poll() is None:
            if (count := self.finished_epochs()) > seen:
                seen = count
                moments.append(time.monotonic())
            time.sleep(0.01)
        assert running.wait() == 0, self.log.read_text()
        self.epoch_seconds = min(later - earlier for earlier, later in pairwise(moments))
        return self.evaluated()

    def evaluated(self) -> dict[str, str]:
        """Evaluates, and gives the hash of every file of model and evaluation."""
        self.project.run("dvc", "repro", "--no-run-cache", "--force", "--single-item", f"evaluate@{self.model}")
        return self.project.content(*self.outputs)

    def forget(self) -> None:
        """Removes what the undisturbed training left: whatever is found later was made later."""
        for folder in (*self.outputs, "mlruns"):
            shutil.rmtree(self.project.root / folder)

    def kill_once(self) -> None:
        """Starts training, and kills it at a random moment after an epoch that it finished itself."""
        before, fraction = self.finished_epochs(), self.draw.random()
        running = self.project.start(*self.command, log=self.log)
        wait_until(lambda: self.finished_epochs() > before, alive=lambda: running.poll() is None)
        moment, finished = time.monotonic() + fraction * self.epoch_seconds, self.finished_epochs()
        wait_until(lambda: time.monotonic() >= moment or self.finished_epochs() > finished)
        assert running.poll() is None, f"it ended before it was killed: {self.log.read_text()}"
        for process in psutil.Process(running.pid).children(recursive=True):
            process.kill()
        assert running.wait(PATIENCE_SECONDS) != 0  # DVC says that the stage failed
        self.note_start()
        self.epochs.append(self.finished_epochs())
        self.fractions.append(fraction)
        assert not (self.project.root / self.outputs[0]).exists()

    def finish(self) -> None:
        """Starts training for the last time."""
        running = self.project.start(*self.command, log=self.log)
        assert running.wait(PATIENCE_SECONDS) == 0, self.log.read_text()
        self.note_start()

    def note_start(self) -> None:
        """Notes from where the start that the log tells of went on."""
        self.went_on += [int(epoch) for epoch in GOES_ON.findall(self.log.read_text())]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """The pipeline up to the choice of the loss."""
    project = make_project(tmp_path / "project", site_cache=tmp_path / "site")
    for model, settings in SETTINGS.items():
        patience = {f"train.{model}.recipe.early_stopping_patience": EPOCHS}
        project.set_parameters({f"train.{model}.recipe.epochs": EPOCHS, **patience, **settings})
    yield project
    project.end_processes()
    shutil.rmtree(project.root)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("model", SETTINGS)
def test_ten_kills_in_the_middle_of_an_epoch_change_no_byte_and_leave_one_finished_run(
    project: Project, model: str, record_property: Callable[[str, object], None]
) -> None:
    project.repro(f"choose_loss@{model}")
    seed = int(os.environ.get(FAULT_SEED) or random.SystemRandom().randrange(10**6))
    resumption = Resumption(project, model, seed=seed)
    undisturbed = resumption.train_undisturbed()
    resumption.forget()
    try:
        for _ in range(NUM_KILLS):
            resumption.kill_once()
        resumption.finish()
    finally:
        record_property("campaign", str(resumption))
    assert resumption.went_on == [epoch + 1 for epoch in resumption.epochs]
    assert resumption.evaluated() == undisturbed
    assert {Path(name).name for name in undisturbed} >= {"model.keras", "history.csv", "training.json", "metrics.json"}
    (run,) = project.runs()
    assert (run["model"], run["status"]) == (model, "FINISHED")
    assert sorted(step for step, _ in run["metrics"]["loss"]) == list(range(EPOCHS))
    for name, points in run["metrics"].items():
        assert len({step for step, _ in points}) == len(points), f"{name} has two points at one step"
