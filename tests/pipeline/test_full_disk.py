"""What each stage and DVC do when the disk is full: a small file system of its own is mounted for it."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parent))

from killing import part
from project import Project, make_project

from unmask.artifacts import UNFINISHED, sha256_of_file
from unmask.evaluation.metrics import METRIC_NAMES

PAGE_BYTES = 4096
PARAMS = ("--params", "params.yaml")
AMPLE_BYTES = 1 << 30
GROWN = {"download.sample.images": 160}  # twice as many, so that the new archive needs more room than the old one frees
GROWN_STAGES = {"download": "data/raw", "index": "data/index"}
NOT_COPIED = "ERROR: failed to transfer"  # DVC's words, of what it cannot copy into its cache
FEATURES = ("--features", "data/features/cnn")
LOSS = ("--loss", "reports/choose_loss/cnn/choice.json")
EVALUATIONS = ("reports/evaluate/cnn", "reports/evaluate/resnet50")
MODELS = ("models/cnn", "models/resnet50")
AUDIT = ("--audit", "data/split/audit.json")
EXTERNALS = ("reports/evaluate_external/cnn", "reports/evaluate_external/resnet50")


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
        (
            "--evaluations",
            *EVALUATIONS,
            "--externals",
            *EXTERNALS,
            "--models",
            *MODELS,
            "--raw",
            "data/raw",
            "--audit",
            "data/split/audit.json",
        ),
    ),
)
EXPENSIVE = (
    Case(
        "train",
        "models/cnn",
        ("--model", "cnn", *LOSS, *FEATURES, "--shards", "data/shards", "--checkpoint", ".checkpoints/cnn"),
    ),
    Case(
        "evaluate",
        "reports/evaluate/cnn",
        (
            *("--model", "cnn", "--model-folder", "models/cnn", "--shards", "data/shards", "--split", "data/split"),
            *("--records", "data/index/records.csv"),
        ),
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
    project.run("git", "add", "dvc.lock")
    project.run("git", "commit", "-qm", "reproduced")
    for model in ("cnn", "resnet50"):
        folder = project.root / "reports" / "evaluate" / model
        folder.mkdir(parents=True)
        (folder / "metrics.json").write_text(json.dumps(report(model)))
        (folder / "predictions.csv").write_text("member,label,score,cluster\na,0,0.1,a\nb,1,0.9,b\n")
        external = project.root / "reports" / "evaluate_external" / model
        external.mkdir(parents=True)
        (external / "external.csv").write_text("set,warning\n")
        trained = project.root / "models" / model
        trained.mkdir(parents=True)
        (trained / "training.json").write_text(json.dumps({"model": model, "model_sha256": "0" * 64}))
    yield project
    project.end_processes()
    shutil.rmtree(project.root)


@pytest.fixture(scope="module")
def trained(prepared: Project) -> Project:
    """With the model that evaluate reads."""
    prepared.repro("train@cnn")
    return prepared


@pytest.fixture(scope="module")
def grown(prepared: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy whose first stages made more images, on a disk with room."""
    project = copy_of(
        prepared, tmp_path_factory.mktemp("grown") / "project", site_cache=tmp_path_factory.mktemp("site")
    )
    project.set_parameters(GROWN)
    project.repro("index")
    return project


def copy_of(project: Project, root: Path, *, site_cache: Path) -> Project:
    shutil.copytree(project.root, root, symlinks=True)
    return Project(root, site_cache=site_cache)


def made(project: Project) -> dict[str, str]:
    """Hashes what the grown stages made, and takes what DVC says of them."""
    stages: dict[str, Any] = yaml.safe_load((project.root / "dvc.lock").read_text())["stages"]
    locked = {f"{stage}/dvc.lock": json.dumps(stages[stage], sort_keys=True) for stage in GROWN_STAGES}
    return {**project.content(*GROWN_STAGES.values()), **locked}


def report(model: str) -> dict[str, object]:
    return {
        "model": model,
        "model_sha256": "0" * 64,
        "test_shards_sha256": "1" * 64,
        "validation": dict.fromkeys(METRIC_NAMES, 0.5),
        "test": {metric: {"value": 0.5, "low": 0.5, "high": 0.5} for metric in METRIC_NAMES},
        "records": {"validation": {"real": 1, "fake": 1}, "test": {"real": 1, "fake": 1}},
        "threshold": 0.5,
        "confidence": 0.95,
        "calibration": {"method": "none", "slope": 1.0, "intercept": 0.0, "error_before": 0.1, "error_after": 0.1},
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
    disk = mount(AMPLE_BYTES)
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
    mount(AMPLE_BYTES)
    again = run_stage(project, case, output)
    assert again.returncode == 0, again.stderr
    assert content(disk) == before


@pytest.mark.parametrize("case", CHEAP, ids=name)
def test_a_stage_on_a_full_disk_says_so_in_one_line_and_keeps_the_earlier_output(
    prepared: Project, case: Case, mount: Callable[[int], Path]
) -> None:
    fill_up_and_free(prepared, case, mount)


@pytest.mark.slow
@pytest.mark.parametrize("case", EXPENSIVE, ids=name)
def test_an_expensive_stage_on_a_full_disk_says_so_in_one_line_and_keeps_the_earlier_output(
    trained: Project, case: Case, mount: Callable[[int], Path]
) -> None:
    fill_up_and_free(trained, case, mount)


def half_of_the_output(old_pages: int, new_pages: int) -> int:
    return new_pages // 2


def no_copy_of_the_output(old_pages: int, new_pages: int) -> int:
    """When the new output has replaced the old one, less than its size is left for the copy in DVC's cache."""
    return new_pages + (new_pages - old_pages) // 2


@pytest.mark.parametrize(
    ("last", "room", "messages"),
    [
        ("index", half_of_the_output, ("error: no space left to write data/raw/sample.zip: free some disk space",)),
        # Which of the two meets the full disk next, DVC with its own records or the stage, is left to the two.
        ("index", no_copy_of_the_output, (NOT_COPIED, "No space left on device")),
        ("download", no_copy_of_the_output, (NOT_COPIED, "No space left on device")),
    ],
    ids=["stage", "cache", "cache of the last stage"],
)
def test_repro_on_a_full_disk_says_so_and_the_next_one_makes_the_same_bytes(
    prepared: Project,
    grown: Project,
    tmp_path: Path,
    mount: Callable[[int], Path],
    last: str,
    room: Callable[[int, int], int],
    messages: tuple[str, ...],
) -> None:
    disk = mount(AMPLE_BYTES)
    project = copy_of(prepared, disk / "project", site_cache=tmp_path / "site")
    project.set_parameters(GROWN)
    before, after = made(project), made(grown)
    used_pages = shutil.disk_usage(disk).used // PAGE_BYTES
    room_pages = room(pages(project.root / "data" / "raw"), pages(grown.root / "data" / "raw"))
    mount((used_pages + room_pages) * PAGE_BYTES)
    failed = project.run("dvc", "repro", last, is_checked=False)
    assert [message for message in messages if message not in failed.stderr] == []
    assert "Traceback" not in failed.stderr
    # DVC 3.67.1 ends well, and names the new output in dvc.lock, where only its copy into the cache found no room.
    assert (failed.returncode != 0) == (last == "index")
    found = made(project)
    for kept in (*GROWN_STAGES.values(), *GROWN_STAGES):
        assert part(found, (kept,)) in (part(before, (kept,)), part(after, (kept,))), f"{kept} is not whole"
    assert project.unfinished() == []
    mount(AMPLE_BYTES)
    project.repro_after_accident("index")
    assert made(project) == after
    shutil.rmtree(project.root / "data")
    project.run("dvc", "checkout", *GROWN_STAGES)
    assert made(project) == after
    assert project.repro("index") == []
