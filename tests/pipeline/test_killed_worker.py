"""One of a stage's workers is killed, as by a kernel that is out of memory: the stage says so and damages nothing."""

import io
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))

from killing import Target, wait_until
from project import OUTPUTS, Project, make_project

from unmask.data.index import IMAGES_PER_WORKER

WORKERS = 2
MESSAGE = "error: one of 2 processes died, most likely for lack of memory: free some, or allow fewer workers"
END_SECONDS = 300
STILL_SECONDS = 0.2
SENDING = ("pipe_write", "sock_alloc_send")  # functions of the Linux kernel that wait for room, in a pipe or a socket
SPLITS = ("data/shards/train", "data/shards/validation", "data/shards/test")
ARCHIVES = ("../one.zip", "../other.zip")
INDEX = Target("index", ("data/index",), "download.archive", ARCHIVES, upstream="download")
PREPROCESS = Target("preprocess", SPLITS, "preprocess.resample", ("box", "bilinear"))
# The fewest images that index gives to two workers; so many that preprocess hands each worker some chunks.
CASES = ((INDEX, WORKERS * IMAGES_PER_WORKER), (PREPROCESS, 600))
CHEAP_FIRST = [CASES[0], *(pytest.param(case, marks=pytest.mark.slow) for case in CASES[1:])]


@dataclass(frozen=True)
class Disturbed:
    """A project, the stage whose worker is killed, and what the stage makes of each of its two values."""

    project: Project
    target: Target
    undisturbed: dict[Any, dict[str, str]]

    def next_value(self) -> Any:
        """Gives the value of which no outputs lie there."""
        lying = self.project.content(*self.target.outputs)
        return next(value for value, content in self.undisturbed.items() if content != lying)

    def change(self, value: Any) -> None:
        """Sets the parameter, and makes what lies before the stage."""
        self.project.set_parameters({self.target.parameter: value})
        if self.target.upstream:
            self.project.repro(self.target.upstream)


@pytest.fixture(scope="module", params=CHEAP_FIRST, ids=[target.stage for target, _ in CASES])
def disturbed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disturbed]:
    """The stages up to the one to disturb, reproduced with both of its values."""
    target, num_images = request.param
    folder = tmp_path_factory.mktemp("workers")
    project = make_project(folder / "project", site_cache=folder / "site")
    for seed, archive in enumerate(ARCHIVES):
        write_noise(project.root / archive, seed=seed, num_images=num_images)
    project.set_parameters(
        {
            "download.source": "archive",
            "download.archive": ARCHIVES[0],
            "index.workers": WORKERS,
            "split.audit.images": 100,
            "preprocess.workers": WORKERS,
            "preprocess.image_size": 48,  # other than the pictures', so that each is encoded
        }
    )
    disturbed = Disturbed(project, target, {})
    for value in target.values:
        disturbed.change(value)
        project.repro(target.stage)
        disturbed.undisturbed[value] = project.content(*target.outputs)
    yield disturbed
    project.end_processes()
    shutil.rmtree(project.root)


def write_noise(path: Path, *, seed: int, num_images: int) -> None:
    """Writes a zip of pictures of noise, half of them called real."""
    random = np.random.default_rng(seed)
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(num_images):
            picture = io.BytesIO()
            Image.fromarray(random.integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(picture, "JPEG")
            archive.writestr(zipfile.ZipInfo(f"{('real', 'fake')[number % 2]}/{number}.jpg"), picture.getvalue())


def find(processes: list[psutil.Process], words: str) -> list[psutil.Process]:
    """Picks the processes that were started with some words."""
    found = []
    for process in processes:
        try:
            if words in " ".join(process.cmdline()):
                found.append(process)
        except psutil.NoSuchProcess:  # it ended in this moment
            continue
    return found


def find_working(running: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """Waits until a worker of the stage that DVC runs reads the archive, and gives all of its workers."""
    dvc = psutil.Process(running.pid)
    workers: list[psutil.Process] = []

    def are_there() -> bool:
        workers[:] = find(dvc.children(recursive=True), "multiprocessing.spawn")
        return len(workers) == WORKERS

    def is_reading() -> bool:
        return any(file.path.endswith(".zip") for worker in workers for file in worker.open_files())

    wait_until(are_there, alive=lambda: running.poll() is None)
    wait_until(is_reading, alive=lambda: running.poll() is None)
    return workers


def kill_while_it_reads(workers: list[psutil.Process]) -> None:
    workers[0].kill()


def kill_while_it_answers(workers: list[psutil.Process]) -> None:
    """Holds the stage up until its workers can send no more, and kills one that has sent the beginning of a result."""
    stage = workers[0].parent()
    if waits_for(stage.parent()) in ("", "0"):
        pytest.skip("this kernel does not say what a process waits for")
    stage.suspend()
    wait_until(lambda: are_still(workers))
    sending = [worker for worker in workers if any(name in waits_for(worker) for name in SENDING)]
    (sending or workers)[0].kill()
    stage.resume()


def are_still(processes: list[psutil.Process]) -> bool:
    """Tells whether processes wait, and did no work for a while."""
    before = [process.cpu_times() for process in processes]
    time.sleep(STILL_SECONDS)
    is_waiting = all(process.status() == psutil.STATUS_SLEEPING for process in processes)
    return is_waiting and [process.cpu_times() for process in processes] == before


def waits_for(process: psutil.Process) -> str:
    """Names the function of the kernel in which a process waits."""
    return Path(f"/proc/{process.pid}/wchan").read_text()


@pytest.mark.parametrize("kill", [kill_while_it_reads, kill_while_it_answers])
def test_a_stage_whose_worker_was_killed_says_so_and_the_next_repro_makes_the_same_bytes(
    disturbed: Disturbed, tmp_path: Path, kill: Callable[[list[psutil.Process]], None]
) -> None:
    project, target, value = disturbed.project, disturbed.target, disturbed.next_value()
    disturbed.change(value)
    before = project.content(*OUTPUTS)
    log = tmp_path / "log"
    running = project.start(*target.command, log=log)
    try:
        kill(find_working(running))
        code = running.wait(END_SECONDS)
        _, alive = psutil.wait_procs(project.processes(), timeout=END_SECONDS)
    finally:
        project.end_processes()
        running.wait()
    assert code != 0
    assert [line for line in log.read_text().splitlines() if line.startswith("error:")] == [MESSAGE]
    assert "Traceback" not in log.read_text()
    assert alive == []
    assert project.unfinished() == []
    assert project.content(*OUTPUTS) == before
    project.run("dvc", "repro", "--no-run-cache", target.stage)
    assert project.content(*target.outputs) == disturbed.undisturbed[value]
