"""Kills a stage again and again at moments drawn at random, and holds what its outputs are afterwards."""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psutil
from project import OUTPUTS, Project

STAGE, DVC, ALL = "stage", "DVC", "both"  # what is killed: the stage with its workers, DVC alone, or both
VICTIMS = (STAGE, DVC, ALL)
BEFORE, DURING, AFTER = "before", "during", "after"  # the writing of the outputs
POLL_SECONDS = 0.001
PATIENCE_SECONDS = 600


@dataclass(frozen=True)
class Target:
    """One stage to kill.

    Attributes:
        stage: its name.
        outputs: the folders it makes.
        parameter: what is changed, so that the killed run is on its way to other bytes than those that lie there.
        values: its two values; the first is the one the project begins with.
        upstream: a stage to reproduce first, where the parameter is another's.
        kills_per_repro: how often it is killed before it may end; 1 where a run is cheap.
    """

    stage: str
    outputs: tuple[str, ...]
    parameter: str
    values: tuple[Any, Any]
    upstream: str = ""
    kills_per_repro: int = 1

    @property
    def command(self) -> tuple[str, ...]:
        """Runs the stage itself, not taking its outputs from DVC's cache."""
        return ("dvc", "repro", "--no-run-cache", "--force", "--single-item", self.stage)


@dataclass
class Campaign:
    """The kills of one stage.

    Attributes:
        num_kills: how many.
        last: the stages that the project has reproduced when it begins; none means all.
        seed: draws the same moments again.
        kills: what was killed, and what that hit.
        cut_short: how often DVC's own files were.
    """

    project: Project
    target: Target
    num_kills: int
    seed: int
    last: tuple[str, ...] = ()
    kills: list[tuple[str, str]] = field(default_factory=list)
    cut_short: int = 0
    all_seconds: float = 0.0
    write_seconds: float = 0.0

    def __post_init__(self) -> None:
        self.draw = random.Random(self.seed)
        self.log = self.project.root.with_suffix(".log")
        self.references: dict[Any, dict[str, str]] = {}

    def __str__(self) -> str:
        victims, hits = (Counter(column) for column in zip(*self.kills, strict=True)) if self.kills else ({}, {})
        return (
            f"{self.target.stage}: {len(self.kills)} kills of {dict(victims)}, {dict(hits)} the write; "
            f"DVC's own files cut short {self.cut_short} times; {self.all_seconds:.1f} s a run, "
            f"{self.write_seconds:.2f} s of them writing; seed {self.seed}"
        )

    def run(self) -> None:
        """Runs it, and leaves the project as it was."""
        first, second = self.target.values
        self.project.run("git", "checkout", "params.yaml")  # an earlier campaign may have failed half way
        self.repro(*self.last)
        base = self.project.content(*OUTPUTS)
        self.references[first] = self.project.content(*self.target.outputs)
        self.change(second)
        self.measure()
        self.references[second] = self.project.content(*self.target.outputs)
        assert self.references[first] != self.references[second], "a killed run must be on its way to other bytes"
        value = second
        while len(self.kills) < self.num_kills:
            value = first if value == second else second
            self.change(value)
            for _ in range(min(self.target.kills_per_repro, self.num_kills - len(self.kills))):
                self.kill_once()
            self.repro("--no-run-cache", self.target.stage)
            wait_until(lambda: not self.project.processes())  # a stage whose DVC was killed goes on to its end
            assert self.project.content(*self.target.outputs) == self.references[value]
            if self.project.unfinished():
                # A second kill, of a run that made once more what the first had left whole and locked: nothing was to
                # be done. The stage's next run clears it.
                self.repro("--no-run-cache", "--force", "--single-item", self.target.stage)
            assert self.project.unfinished() == []
        self.change(first)
        self.repro(*self.last)
        assert self.project.content(*OUTPUTS) == base

    def change(self, value: Any) -> None:
        """Sets the parameter, and makes what lies before the stage."""
        self.project.set_parameters({self.target.parameter: value})
        if self.target.upstream:
            self.repro(self.target.upstream)

    def measure(self) -> None:
        """Times an undisturbed run, and the writing in it."""
        started = time.monotonic()
        running = self.project.start(*self.target.command, log=self.log)
        wait_until(self.project.unfinished, alive=lambda: running.poll() is None)
        write_began = time.monotonic()
        wait_until(lambda: not self.project.unfinished(), alive=lambda: running.poll() is None)
        self.write_seconds = time.monotonic() - write_began
        assert running.wait(PATIENCE_SECONDS) == 0, self.log.read_text()
        self.all_seconds = time.monotonic() - started

    def kill_once(self) -> None:
        """Kills one run, and holds that every output is whole: the old bytes or the new."""
        before = self.project.content(*OUTPUTS)
        victim = self.draw.choice(VICTIMS)
        if not self.run_and_kill(victim):
            return  # it had ended
        is_during = bool(self.project.unfinished())
        found = self.still_content()
        own = part(found, self.target.outputs)
        hit = DURING if is_during else BEFORE if own == part(before, self.target.outputs) else AFTER
        self.kills.append((victim, hit))
        for folder in self.target.outputs:
            wholes = [part(reference, (folder,)) for reference in self.references.values()]
            assert part(own, (folder,)) in wholes, f"{folder} is not whole after {victim} was killed {hit} the write"
        assert part(found, self.target.outputs, is_inside=False) == part(before, self.target.outputs, is_inside=False)

    def run_and_kill(self, victim: str) -> bool:
        """Runs the stage and kills it at any moment or, half of the times, while it writes.

        Returns:
            Whether it still lived.
        """
        running = self.project.start(*self.target.command, log=self.log)

        def is_alive() -> bool:
            return running.poll() is None

        if self.draw.random() < 0.5:
            wait_until(self.project.unfinished, alive=is_alive)
            time.sleep(self.draw.uniform(0, self.write_seconds))
        else:
            time.sleep(self.draw.uniform(0, self.all_seconds))
        dvc = psutil.Process(running.pid)
        if victim != DVC:
            wait_until(lambda: running.poll() is not None or dvc.children())
        descendants = dvc.children(recursive=True) if is_alive() else []
        doomed = {STAGE: descendants, DVC: [dvc], ALL: [dvc, *descendants]}[victim] if is_alive() else []
        for process in doomed:
            process.kill()
        running.wait(PATIENCE_SECONDS)
        return bool(doomed)

    def still_content(self) -> dict[str, str]:
        """Hashes the outputs; again where a stage whose DVC was killed is swapping them in this moment."""
        while True:
            try:
                found = self.project.content(*OUTPUTS)
                if self.project.content(*OUTPUTS) == found:
                    return found
            except FileNotFoundError:
                continue

    def repro(self, *options: str) -> None:
        """Reproduces; where DVC's own files were cut short, after mending them."""
        self.cut_short += self.project.repro_after_accident(*options)


def part(content: dict[str, str], folders: tuple[str, ...], *, is_inside: bool = True) -> dict[str, str]:
    """Takes the files inside some folders, or those outside them."""
    prefixes = tuple(f"{folder}/" for folder in folders)
    return {name: digest for name, digest in content.items() if name.startswith(prefixes) == is_inside}


def wait_until(condition: Callable[[], object], *, alive: Callable[[], bool] = lambda: True) -> None:
    """Waits for a condition, as long as something lives.

    Raises:
        TimeoutError: it never came true.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition() and alive():
        if time.monotonic() > deadline:
            raise TimeoutError("waited too long")
        time.sleep(POLL_SECONDS)
