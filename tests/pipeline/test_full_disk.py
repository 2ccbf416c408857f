"""What each stage does when the disk is full: a small file system of its own is mounted for it."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from project import Project, make_project

from unmask.artifacts import UNFINISHED, sha256_of_file
from unmask.evaluation.metrics import METRIC_NAMES

PAGE_BYTES = 4096
PARAMS = ("--params", "params.yaml")
EVALUATIONS = ("reports/evaluate/cnn", "reports/evaluate/resnet50")


@dataclass(frozen=True)
class Case:
    """A stage, the folder it makes, and its arguments but for the output."""

    stage: str
    made: str
    arguments: tuple[str, ...]


CHEAP = (
    Case("download", "data/raw", ()),
    Case("index", "data/index", ("--raw", "data/raw")),
    Case("split", "data/split", ("--raw", "data/raw", "--index", "data/index")),
    Case("preprocess", "data/shards", ("--raw", "data/raw", "--split", "data/split")),
    Case(
        "compare",
        "reports/compare",
        ("--evaluations", *EVALUATIONS, "--raw", "data/raw", "--audit", "data/split/audit.json"),
    ),
)


def name(case: Case) -> str:
    return f"{case.stage} of {case.made}"


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Mounts a file system of so many bytes, and gives it back whatever the test does; called again, resizes it."""
    disk = tmp_path / "disk"
    disk.mkdir()

    def resize(size_bytes: int) -> Path:
        option = f"{'remount,' if disk.is_mount() else ''}size={size_bytes}"
        command = ("mount", "-t", "tmpfs", "-o", option, "tmpfs", str(disk))
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            pytest.skip(f"no small disk to fill: this user cannot mount one ({error})")
        return disk

    yield resize
    if disk.is_mount():
        subprocess.run(("umount", "--lazy", str(disk)), check=True)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The stages up to preprocess, reproduced, and what compare reads, written by hand."""
    project = make_project(tmp_path_factory.mktemp("disk") / "project", site_cache=tmp_path_factory.mktemp("site"))
    project.repro("preprocess")
    for model in ("cnn", "resnet50"):
        folder = project.root / "reports" / "evaluate" / model
        folder.mkdir(parents=True)
        (folder / "metrics.json").write_text(json.dumps(report(model)))
    yield project
    project.end_processes()
    shutil.rmtree(project.root)


def report(model: str) -> dict[str, object]:
    return {
        "model": model,
        "model_sha256": "0" * 64,
        "test_shards_sha256": "1" * 64,
        "validation": dict.fromkeys(METRIC_NAMES, 0.5),
        "test": {metric: {"value": 0.5, "low": 0.5, "high": 0.5} for metric in METRIC_NAMES},
        "records": {"validation": {"real": 1, "fake": 1}, "test": {"real": 1, "fake": 1}},
    }


def run_stage(project: Project, case: Case, output: Path) -> subprocess.CompletedProcess[str]:
    project.environment["PYTHONPATH"] = "src"
    command = (sys.executable, f"stages/{case.stage}.py", *PARAMS, *case.arguments, "--output", str(output))
    return project.run(*command, is_checked=False)


def content(folder: Path) -> dict[str, str]:
    """Hashes every file, hidden ones too."""
    return {str(path.relative_to(folder)): sha256_of_file(path) for path in folder.rglob("*") if path.is_file()}


def pages(folder: Path) -> int:
    return sum(-(-path.stat().st_size // PAGE_BYTES) for path in folder.rglob("*") if path.is_file())


def fill_up_and_free(project: Project, case: Case, mount: Callable[[int], Path]) -> None:
    """Runs a stage on a disk with room for half of what it makes; then, with room, again."""
    disk = mount(1 << 30)
    output = disk / case.made
    finished = run_stage(project, case, output)
    assert finished.returncode == 0, finished.stderr
    before = content(disk)
    assert before, "there must be an earlier output to keep"
    mount((pages(output) * 3 // 2) * PAGE_BYTES)
    failed = run_stage(project, case, output)
    lines = [line for line in failed.stderr.splitlines() if not line.startswith(("INFO ", "WARNING "))]
    assert failed.returncode == 1, failed.stderr
    assert len(lines) == 1, failed.stderr
    assert lines[0].startswith(f"error: no space left to write {disk}/"), failed.stderr
    assert lines[0].endswith("free some disk space and run the command again")
    assert UNFINISHED not in lines[0]
    assert content(disk) == before
    assert [path for path in disk.rglob("*") if path.name.endswith(UNFINISHED)] == []
    mount(1 << 30)
    again = run_stage(project, case, output)
    assert again.returncode == 0, again.stderr
    assert content(disk) == before


@pytest.mark.parametrize("case", CHEAP, ids=name)
def test_a_stage_on_a_full_disk_says_so_in_one_line_and_keeps_the_earlier_output(
    prepared: Project, case: Case, mount: Callable[[int], Path]
) -> None:
    fill_up_and_free(prepared, case, mount)
