"""A run that is killed at any moment, and called again until it ends, gives the table of one that was left in peace."""

import random
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

pytest.importorskip("onnx", reason="onnx is not installed: no network can be made")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: nothing computes")
from small_bundle import COMMAND, make_bundle

PICTURES, PART = 240, 4
KILLS = 6
SECONDS = 120
MakePicture = Callable[..., Image.Image]


@pytest.fixture
def folder(tmp_path: Path, make_picture: MakePicture) -> Path:
    made = tmp_path / "faces"
    made.mkdir()
    for number in range(PICTURES):
        make_picture(number, size=(24, 20)).save(made / f"{number:03d}.png")
    (made / "100.png").write_bytes(b"no picture")
    return made


def command(out: Path) -> list[str]:
    return [*COMMAND, "score", "faces", str(out), "--model", "grey", "--engine", "onnx", "--part", str(PART)]


def written(out: Path) -> dict[str, tuple[int, int]]:
    """Names the parts that are there, and what changes when one is written anew."""
    return {file.name: ((about := file.stat()).st_ino, about.st_mtime_ns) for file in out.glob("part-*.parquet")}


def kill_after(out: Path, parts: int, *, pause_seconds: float) -> int | None:
    """Runs until so many parts are there, waits a little, and kills; gives the exit status of a run that ended."""
    run = subprocess.Popen(command(out), cwd=out.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + SECONDS
    while run.poll() is None and time.monotonic() < deadline:
        if out.is_dir() and len(written(out)) >= parts:
            time.sleep(pause_seconds)
            break
        time.sleep(0.001)
    run.kill()
    status = run.wait()
    return None if status == -9 else status


def test_a_run_killed_again_and_again_misses_nothing_and_scores_nothing_twice(tmp_path: Path, folder: Path) -> None:
    make_bundle(tmp_path / "grey")
    whole, out = tmp_path / "whole.parquet", tmp_path / "out.parquet"
    assert subprocess.run(command(whole), cwd=tmp_path, check=False, capture_output=True).returncode == 3
    generator = random.Random(7)
    num_parts, cut_short = PICTURES // PART, 0
    goals = [0, *sorted(generator.sample(range(1, num_parts - 10), KILLS - 1))]
    for goal in goals:
        before = written(out)
        status = kill_after(out, goal, pause_seconds=generator.uniform(0, 0.02))
        after = written(out)
        assert before.items() <= after.items()  # what was there was not written again
        cut_short += status is None and len(after) < num_parts
    assert cut_short >= KILLS // 2, "the runs ended before they could be killed"
    before = written(out)
    ended = subprocess.run(command(out), cwd=tmp_path, check=False, capture_output=True, text=True)
    assert ended.returncode == 3, ended.stderr  # one picture is none
    assert before.items() <= written(out).items()
    table = pd.read_parquet(out)
    assert table["image"].tolist() == [f"{number:03d}.png" for number in range(PICTURES)]
    pd.testing.assert_frame_equal(table, pd.read_parquet(whole))
    assert not list(out.glob(".*"))  # what the killed ones left is gone
