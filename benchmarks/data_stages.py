"""Measures `index` and `preprocess`, as `dvc repro` runs them, against the least that reading the archive can cost.

    python -m benchmarks.data_stages
    python -m benchmarks.data_stages --images 20000 --rounds 1

The second is a trial: it shows its lines and leaves the benchmark's file alone. At the full size it takes 12 GB of disk
below benchmarks/tmp; the archives stay there for the next time.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import comparison, generated_jpegs, memory
from benchmarks.barest_loop import WAYS
from benchmarks.comparison import Comparison, compare, in_turn
from benchmarks.generated_jpegs import NUM_KAGGLE_IMAGES
from benchmarks.memory import Usage
from benchmarks.workspace import MeasurementError
from unmask import artifacts
from unmask.console import run_stage
from unmask.data.record_tables import read_records
from unmask.records import SPLIT_COLUMNS, SPLITS

NAME = "data-stages"
FOLDER = Path("benchmarks/tmp") / NAME
PEERS_PYTHON = Path(".venv-peers/bin/python")
NUM_SMALL_IMAGES = 10_000
NUM_BAREST_IMAGES = 30_000  # the barest loop is timed from its first image on, so it needs no more for its rate
RATE_BAR = 0.8
MEMORY_LIMIT_BYTES = 1 << 30
SAME_MEMORY_BAR = 0.87  # 1 / 1.15: at most 15% more for fourteen times the images
MEGABYTE = 1e6
PAPER, RESIZED = "paper", "kaggle-140k"  # profiles: 256 px, which keeps the bytes, and 128 px, which resizes
BAREST, SIMPLEJPEG = "barest loop, Pillow", "barest loop, simplejpeg"
STAGES = {"index": PAPER, "preprocess": PAPER}


@dataclass(frozen=True)
class Task:
    """One stage on one archive.

    Attributes:
        stage: "index" or "preprocess".
        profile: whose parameters it runs with.
        num_images: of the archive.
    """

    stage: str
    profile: str
    num_images: int

    @property
    def name(self) -> str:
        """Says which stage this is: "index", "preprocess, kaggle-140k"."""
        return self.stage if self.profile == PAPER else f"{self.stage}, {self.profile}"


def main() -> None:
    """Makes the archives, measures, writes the file."""
    arguments = read_arguments()
    lines = measure(num_images=arguments.images, rounds=arguments.rounds)
    is_trial = arguments.images != NUM_KAGGLE_IMAGES
    comparison.report(NAME, lines, trial=f"{arguments.images} images" if is_trial else "")


def read_arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=NUM_KAGGLE_IMAGES, help="how many images the archive holds")
    parser.add_argument("--rounds", type=int, default=3, help="how often the rates are measured")
    parser.add_argument("--debug", action="store_true", help="shows tracebacks")
    return parser.parse_args()


def measure(*, num_images: int, rounds: int) -> list[Comparison]:
    """Measures rates in turn, and memory on the way."""
    for number in (NUM_SMALL_IMAGES, num_images):
        make_raw(number)
    small = {stage: [run(Task(stage, profile, NUM_SMALL_IMAGES))] for stage, profile in STAGES.items()}
    usages: dict[str, list[Usage]] = {}
    resized = Task("preprocess", RESIZED, num_images)
    ways = {
        task.name: lambda task=task: timed(task, usages)
        for task in [*(Task(stage, profile, num_images) for stage, profile in STAGES.items()), resized]
    }
    ways |= {f"{BAREST}, {way}": lambda way=way: barest_rate(num_images, "pillow", way) for way in WAYS}
    if has_simplejpeg():
        ways[SIMPLEJPEG] = lambda: barest_rate(num_images, "simplejpeg", "threads")
    rates = in_turn(ways, rounds=rounds)
    return rate_lines(rates, num_images=num_images) + memory_lines(small, usages, num_images=num_images)


def timed(task: Task, usages: dict[str, list[Usage]]) -> float:
    """Runs a stage, notes what it took, and gives its images a second."""
    usage = run(task)
    usages.setdefault(task.name, []).append(usage)
    return task.num_images / usage.seconds


def run(task: Task) -> Usage:
    """Runs one stage as `dvc repro` does; `index` also leaves the tables that `preprocess` needs."""
    output = FOLDER / f"{task.stage}-{task.num_images}"
    shutil.rmtree(output, ignore_errors=True)
    inputs = ["--raw", str(raw_folder(task.num_images))]
    if task.stage == "preprocess":
        inputs += ["--split", str(split_folder(task.num_images))]
    command = [sys.executable, f"stages/{task.stage}.py", "--params", f"profiles/{task.profile}.yaml"]
    usage = memory.measure([*command, *inputs, "--output", str(output)], environment=surroundings())
    if task.stage == "index":
        share_out(output / "records.csv", split_folder(task.num_images))
    shutil.rmtree(output)
    return usage


def surroundings() -> Mapping[str, str]:
    """Gives the environment in which `dvc.yaml` runs a stage."""
    return {**os.environ, "PYTHONPATH": "src"}


def make_raw(num_images: int) -> None:
    """Leaves a generated archive as `download` would; made once."""
    archive = generated_jpegs.archive_of(FOLDER, num_images=num_images)
    generated_jpegs.link_as_raw(archive, raw_folder(num_images))


def raw_folder(num_images: int) -> Path:
    """Says where an archive lies as `download` leaves it."""
    return FOLDER / f"raw-{num_images}"


def split_folder(num_images: int) -> Path:
    """Says where an archive's split tables lie."""
    return FOLDER / f"split-{num_images}"


def share_out(records: Path, folder: Path) -> None:
    """Writes the tables of the archive's own splits, as `split` does of a set without copies."""
    table = read_records(records)
    for name in SPLITS:
        part = table.loc[table["upstream_split"] == name, list(SPLIT_COLUMNS)]
        folder.mkdir(exist_ok=True)
        artifacts.write_csv(folder / f"{name}.csv", part)


def barest_rate(num_images: int, decoder: str, way: str) -> float:
    """Gives the images a second of the barest loop."""
    python = str(PEERS_PYTHON) if decoder == "simplejpeg" else sys.executable
    archive = generated_jpegs.path_of(FOLDER, num_images=num_images)
    options = ["--archive", str(archive), "--decoder", decoder, "--way", way, "--images", str(NUM_BAREST_IMAGES)]
    return float(output_of([python, "benchmarks/barest_loop.py", *options]))


def has_simplejpeg() -> bool:
    """Whether `make bench-peers` has installed it."""
    if not PEERS_PYTHON.exists():
        return False
    command = [str(PEERS_PYTHON), "-c", "import simplejpeg"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def output_of(command: Sequence[str]) -> str:
    """Runs a command and gives what it printed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MeasurementError(f"{' '.join(command)} failed: {done.stderr.strip()}")
    return done.stdout


def rate_lines(rates: Mapping[str, Sequence[float]], *, num_images: int) -> list[Comparison]:
    """Compares images a second with the barest loop, in its faster way."""
    ways = {name: figures for name, figures in rates.items() if name.startswith(BAREST)}
    barest = max(ways.items(), key=lambda item: statistics.median(item[1]))
    told = {
        "index": f"index, {num_images:,} images, the whole stage",
        "preprocess": "preprocess to 256 px: bytes kept",
        f"preprocess, {RESIZED}": "preprocess to 128 px: resized, PNG",
    }
    lines = [
        compare(what, rates[name], peer=barest, at_least=RATE_BAR, unit="images/s", better="higher")
        for name, what in told.items()
    ]
    peer = (SIMPLEJPEG, rates.get(SIMPLEJPEG))
    return [*lines, compare("index", rates["index"], peer=peer, at_least=None, unit="images/s", better="higher")]


def memory_lines(
    small: Mapping[str, Sequence[Usage]], large: Mapping[str, Sequence[Usage]], *, num_images: int
) -> list[Comparison]:
    """Compares each stage's peak with its limit, and with its peak on fewer images."""
    lines = []
    for stage in STAGES:
        ours = megabytes(large[stage])
        limit = ("1 GiB", MEMORY_LIMIT_BYTES / MEGABYTE)
        few = (f"{NUM_SMALL_IMAGES:,} images", megabytes(small[stage]))
        what = f"{stage}, peak memory at {num_images:,} images"
        lines += [
            compare(what, ours, peer=limit, at_least=1.0, unit="MB", better="lower"),
            compare(what, ours, peer=few, at_least=SAME_MEMORY_BAR, unit="MB", better="lower"),
        ]
    return lines


def megabytes(usages: Sequence[Usage]) -> list[float]:
    """Gives the peaks."""
    return [usage.peak_bytes / MEGABYTE for usage in usages]


if __name__ == "__main__":
    run_stage(main)
