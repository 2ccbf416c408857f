"""The stage head_features, as a command runs it."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[3]
WITHOUT_TENSORFLOW = """
import runpy, sys
runpy.run_path(sys.argv[1], run_name="__main__")
sys.exit("TensorFlow was imported" if "tensorflow" in sys.modules else 0)
"""


def run_stage(params: Path, output: Path, *, model: str) -> subprocess.CompletedProcess[str]:
    script = str(ROOT / "stages" / "head_features.py")
    arguments = ["--params", params, "--model", model, "--shards", output / "none", "--output", output / "features"]
    # Run as a program, the script would be its own first argument.
    starter = WITHOUT_TENSORFLOW.replace("sys.argv[1]", repr(script))
    command = [sys.executable, "-c", starter, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_without_a_heads_phase_nothing_is_read_and_tensorflow_not_imported(
    write_parameters: Callable[..., Path], tmp_path: Path
) -> None:
    finished = run_stage(write_parameters({}), tmp_path, model="resnet50")
    assert finished.returncode == 0, finished.stderr
    assert json.loads((tmp_path / "features" / "features.json").read_text())["splits"] == {}


def test_missing_images_are_told(write_parameters: Callable[..., Path], tmp_path: Path) -> None:
    params = write_parameters({"head_epochs: 0": "head_epochs: 1"})
    finished = run_stage(params, tmp_path, model="resnet50")
    assert finished.returncode == 1
    assert "shards.json is missing: run `dvc repro preprocess`" in finished.stderr
    assert not (tmp_path / "features").exists()
