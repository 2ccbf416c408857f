"""Measures training: `fit` on the real input against one batch in memory, precision, XLA, PyTorch, JAX.

    python -m benchmarks.train_step
    python -m benchmarks.train_step --rounds 1 --seconds 1
    KERAS_BACKEND=jax python -m benchmarks.train_step --backend-only

The second is a trial: it shows its lines and leaves the benchmark's file alone. So does the third, which measures both
models on the backend that it names, and needs no TensorFlow there.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks import comparison, rate_client
from benchmarks.comparison import Comparison, compare, in_turn
from unmask.console import run_stage, silent_start

NAME = "train-step"
PEERS_PYTHON = Path(".venv-peers/bin/python")
ROUNDS, SECONDS = 5, 3.0
RATE = "images/s"
FITS = ("cnn", "resnet50")  # by the paper's recipe
FIT_BAR, PEER_BAR, BFLOAT16_BAR = 0.97, 1.0, 1.6
Rates = Mapping[str, Sequence[float]]
Commands = Mapping[str, tuple[Sequence[str], Mapping[str, str]]]

OURS, JAX = (sys.executable, "-m", "benchmarks.keras_step"), {"KERAS_BACKEND": "jax"}
THEIRS = (str(PEERS_PYTHON), "-m", "benchmarks.torch_step")
RESNET50 = ("--side", "128", "--batch", "16")
CNN = ("--model", "cnn", "--side", "128", "--batch", "32")


def main() -> None:
    """Measures, writes the file."""
    arguments = read_arguments()
    seconds = ("--seconds", str(arguments.seconds))
    if arguments.backend_only:
        comparison.show(f"{NAME}, one backend", backend_lines(seconds, rounds=arguments.rounds))
        return
    lines = [line for name in FITS for line in fit_lines(name, arguments.seconds, rounds=arguments.rounds)]
    lines += resnet50_lines(seconds, rounds=arguments.rounds)
    lines += cnn_lines(seconds, rounds=arguments.rounds)
    is_trial = (arguments.rounds, arguments.seconds) != (ROUNDS, SECONDS)
    comparison.report(NAME, lines, trial=f"{arguments.rounds} rounds" if is_trial else "")


def read_arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each is measured")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long each is measured, at least")
    parser.add_argument("--backend-only", action="store_true", help="measures the models on this backend, nothing else")
    parser.add_argument("--debug", action="store_true", help="shows tracebacks")
    return parser.parse_args()


def fit_lines(name: str, seconds: float, *, rounds: int) -> list[Comparison]:
    """Compares `fit` on either input: its rate, and what the processor does for an image."""
    with silent_start():
        from benchmarks.fit_rates import Fits

        fits = Fits(name, seconds=seconds)
    rates = in_turn({"ours": lambda: fits.rate(fits.real), "peer": lambda: fits.rate(fits.in_memory)}, rounds=rounds)
    used, peer = fits.processor, "one batch in memory"
    what = f"fit on the real input, {fits.about}"
    return [
        compare(what, rates["ours"], peer=(peer, rates["peer"]), at_least=FIT_BAR, unit=RATE, better="higher"),
        compare(
            f"processor's time, {what}",
            used["real"],
            peer=(peer, used["in_memory"]),
            at_least=None,
            unit="core s/1,000 images",
            better="lower",
        ),
    ]


def resnet50_lines(seconds: Sequence[str], *, rounds: int) -> list[Comparison]:
    """Compares ResNet50's step in bfloat16 with float32, both with PyTorch, and XLA with none."""
    ours = (*OURS, "--model", "resnet50", *RESNET50, *seconds)
    ways: dict[str, tuple[Sequence[str], Mapping[str, str]]] = {
        "float32": (ours, {}),
        "bfloat16": ((*ours, "--precision", "mixed_bfloat16"), {}),
        "XLA": ((*ours, "--xla"), {}),
    }
    if has_peer("transformers"):
        theirs = (*THEIRS, *RESNET50, *seconds)
        ways["PyTorch float32"] = (theirs, {})
        ways["PyTorch bfloat16"] = ((*theirs, "--precision", "bfloat16"), {})
    rates = measured(ways, rounds=rounds)
    step = "step of resnet50 at 128 px, batches of 16"
    return [
        line(f"{step}, bfloat16", rates, "bfloat16", "float32", at_least=BFLOAT16_BAR),
        line(f"{step}, float32", rates, "float32", "PyTorch float32", at_least=PEER_BAR),
        line(f"{step}, bfloat16", rates, "bfloat16", "PyTorch bfloat16", at_least=PEER_BAR),
        line(f"{step}, float32, XLA", rates, "XLA", "float32", at_least=None),
    ]


def cnn_lines(seconds: Sequence[str], *, rounds: int) -> list[Comparison]:
    """Compares the CNN's step with XLA's, and with the same model on JAX."""
    ways: dict[str, tuple[Sequence[str], Mapping[str, str]]] = {
        "none": ((*OURS, *CNN, *seconds), {}),
        "XLA": ((*OURS, *CNN, *seconds, "--xla"), {}),
    }
    if has_peer("jax"):
        ways["JAX"] = ((str(PEERS_PYTHON), *OURS[1:], *CNN, *seconds, "--xla"), {**JAX, "PYTHONPATH": "src"})
    rates = measured(ways, rounds=rounds)
    step = "step of cnn at 128 px, batches of 32, float32"
    return [
        line(f"{step}, XLA", rates, "XLA", "none", at_least=None),
        line(step, rates, "none", "JAX", at_least=None),
    ]


def backend_lines(seconds: Sequence[str], *, rounds: int) -> list[Comparison]:
    """Measures both models' step on the backend of KERAS_BACKEND."""
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    sizes = {"cnn": CNN[2:], "resnet50": RESNET50}
    ways = {name: ((*OURS, "--model", name, *size, *seconds), {}) for name, size in sizes.items()}
    rates = measured(ways, rounds=rounds)
    return [
        compare(f"step of {name}, {backend}", figures, peer=("", None), at_least=None, unit=RATE, better="higher")
        for name, figures in rates.items()
    ]


def measured(ways: Commands, *, rounds: int) -> Rates:
    """Starts a process a way, one after the other, and has them measure in turn."""
    with ExitStack() as stack:
        processes = {
            name: stack.enter_context(rate_client.started(command, environment=environment))
            for name, (command, environment) in ways.items()
        }
        return in_turn(processes, rounds=rounds)


def line(what: str, rates: Rates, ours: str, peer: str, *, at_least: float | None) -> Comparison:
    """Makes a line of images a second; the peer may not be installed."""
    title = {"none": "without XLA", "JAX": "the same model on JAX"}.get(peer, peer)
    return compare(what, rates[ours], peer=(title, rates.get(peer)), at_least=at_least, unit=RATE, better="higher")


def has_peer(package: str) -> bool:
    """Whether the peers' environment has a package."""
    return any(PEERS_PYTHON.parent.parent.glob(f"lib/python*/site-packages/{package}"))


if __name__ == "__main__":
    run_stage(main)
