"""Measures the training step on a GPU against PyTorch's, compiled, channels last, in mixed precision.

    make bench-gpu-step
    KERAS_BACKEND=jax python -m benchmarks.gpu_step --rounds 1 --seconds 1

The models run on the backend that KERAS_BACKEND names, PyTorch beside them in turn. The second is a trial: it shows its
lines and leaves the benchmark's file alone. Needs no TensorFlow on another backend, and no environment of this project:
where this interpreter has PyTorch, it runs the peer as well. Where there is no GPU, it says so and changes nothing.
"""

import argparse
import os
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from statistics import median

from benchmarks import comparison
from benchmarks.comparison import Comparison, compare
from benchmarks.train_step import OURS, PEERS_PYTHON, RATE, Commands, has_peer, measured
from benchmarks.workspace import MeasurementError
from unmask.console import run_stage

NAME = "gpu-step"
ROUNDS, SECONDS = 5, 3.0
PEER_BAR = 1.0
PEER_PACKAGES = ("torch", "transformers")
PEER = "PyTorch: torch.compile, channels last, AMP"
SIZE = ("--side", "256", "--batch", "64")
IN_A_ROW = ("--in-a-row", "20")  # without waiting for a step's loss, as `fit` trains
HALVES = ("float16", "bfloat16")
# Each would else take nearly all of the GPU's memory at its start.
SHARED_MEMORY = {"TF_FORCE_GPU_ALLOW_GROWTH": "true", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}


def main() -> None:
    """Measures, writes the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each is measured")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long each is measured, at least")
    parser.add_argument("--debug", action="store_true", help="shows tracebacks")
    arguments = parser.parse_args()
    gpu = gpu_name()
    lines = [
        replace(line, machine=f"{gpu}; {line.machine}")
        for line in lines_of(str(arguments.seconds), rounds=arguments.rounds)
    ]
    is_trial = (arguments.rounds, arguments.seconds) != (ROUNDS, SECONDS)
    comparison.report(NAME, lines, trial=f"{arguments.rounds} rounds" if is_trial else "")


def lines_of(seconds: str, *, rounds: int) -> list[Comparison]:
    """Compares ResNet50 with PyTorch's in both halves of precision; tells what bfloat16 gains, and the CNN's rate."""
    rates = measured(ways(seconds), rounds=rounds)
    where = f"by fit at 256 px, batches of 64, {os.environ.get('KERAS_BACKEND', 'tensorflow')} with XLA"
    halves = [
        compare(
            f"step of resnet50 {where}, mixed {half}",
            rates[half],
            peer=(f"{PEER}, {half}", max(rates[f"{half}, waited"], rates[f"{half}, in a row"], key=median)),
            at_least=PEER_BAR,
            unit=RATE,
            better="higher",
        )
        for half in HALVES
    ]
    told = {
        f"step of resnet50 {where}, mixed bfloat16": ("bfloat16", "float32"),
        f"step of the paper's cnn {where}, float32": ("cnn", ""),
    }
    return halves + [
        compare(what, rates[ours], peer=(peer, rates.get(peer)), at_least=None, unit=RATE, better="higher")
        for what, (ours, peer) in told.items()
    ]


def ways(seconds: str) -> Commands:
    """Names what is measured: PyTorch also with waiting for each loss, since either way may be its faster one."""
    asked = (*SIZE, "--seconds", seconds)
    ours = (*OURS, "--xla", *asked, *IN_A_ROW)
    theirs = (peer_python(), "-m", "benchmarks.torch_step", "--device", "cuda", *asked)
    resnet50 = (*ours, "--model", "resnet50")
    return {
        **{half: ((*resnet50, "--precision", f"mixed_{half}"), SHARED_MEMORY) for half in HALVES},
        "float32": (resnet50, SHARED_MEMORY),
        "cnn": ((*ours, "--model", "cnn"), SHARED_MEMORY),
        **{f"{half}, waited": ((*theirs, "--precision", half), {}) for half in HALVES},
        **{f"{half}, in a row": ((*theirs, "--precision", half, *IN_A_ROW), {}) for half in HALVES},
    }


def gpu_name() -> str:
    """Names the GPU.

    Raises:
        MeasurementError: there is none.
    """
    try:
        asked = subprocess.run(
            ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise MeasurementError("no NVIDIA GPU here: nvidia-smi names none") from error
    return asked.stdout.splitlines()[0].strip()


def peer_python() -> str:
    """Names an interpreter that has PyTorch and transformers: this one, or that of the benchmarks' peers.

    Raises:
        MeasurementError: neither has both.
    """
    if all(find_spec(package) is not None for package in PEER_PACKAGES):
        return sys.executable
    if all(map(has_peer, PEER_PACKAGES)):
        return str(PEERS_PYTHON)
    raise MeasurementError("PyTorch and transformers are not installed: run `make bench-peers`")


if __name__ == "__main__":
    run_stage(main)
