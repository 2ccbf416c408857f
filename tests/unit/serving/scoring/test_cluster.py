"""Scoring with Ray: the same parts as one machine makes, and a run that was begun there goes on here."""

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from unmask.errors import ScoringError
from unmask.serving.scoring import cluster

pytest.importorskip("onnx", reason="onnx is not installed: no network can be made")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: nothing computes")
from small_bundle import COMMAND, make_bundle

NO_RAY = "ray is not installed: no cluster is started"
HAS_RAY = importlib.util.find_spec("ray") is not None
PICTURES, PART = 30, 4


def run(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [*COMMAND, "score", *arguments, "--model", "grey", "--engine", "onnx", "--part", str(PART)]
    return subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)


@pytest.fixture
def faces(tmp_path: Path, make_picture: Callable[..., Image.Image]) -> Path:
    make_bundle(tmp_path / "grey")
    (tmp_path / "faces").mkdir()
    for number in range(PICTURES):
        make_picture(number, size=(24, 20)).save(tmp_path / "faces" / f"{number:03d}.png")
    (tmp_path / "faces" / "bad.jpg").write_bytes(b"none")
    return tmp_path


@pytest.mark.slow
@pytest.mark.skipif(not HAS_RAY, reason=NO_RAY)
def test_ray_makes_the_same_parts_and_goes_on_with_what_one_machine_began(faces: Path) -> None:
    assert run(faces, "faces", "here.parquet").returncode == 3
    parts = sorted((faces / "here.parquet").glob("*.parquet"))
    kept = {file.name: file.stat().st_ino for file in parts[::2]}
    before = pd.read_parquet(faces / "here.parquet")
    for file in parts[1::2]:
        file.unlink()
    done = run(faces, "faces", "here.parquet", "--ray", "local")
    assert (done.returncode, "15 scored now" in done.stdout) == (3, True), done.stderr
    assert kept.items() <= {file.name: file.stat().st_ino for file in (faces / "here.parquet").iterdir()}.items()
    pd.testing.assert_frame_equal(pd.read_parquet(faces / "here.parquet"), before)


@pytest.mark.slow
@pytest.mark.skipif(not HAS_RAY, reason=NO_RAY)
def test_a_worker_that_cannot_go_on_is_one_line(faces: Path) -> None:
    (faces / "grey" / "distribution.npz").write_bytes(b"damaged")
    done = run(faces, "faces", "out.parquet", "--ray", "local")
    assert done.returncode == 1
    assert "error: a worker failed" in done.stderr
    assert "distribution.npz is damaged" in done.stderr


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ScoringError, match=r'--ray needs Ray: pip install "unmask\[ray\]"'):
        cluster.on_ray("local", bundle=tmp_path, engine="onnx")
