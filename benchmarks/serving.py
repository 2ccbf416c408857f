"""Measures a detector: one picture, a folder of pictures, and the command line's start, against Keras and ONNX Runtime.

    python -m benchmarks.serving
    python -m benchmarks.serving --images 200 --rounds 1

The second is a trial: it shows its lines and leaves the benchmark's file alone. The networks are the paper's, at their
sizes, with random weights.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import comparison
from benchmarks.comparison import Comparison, compare, in_turn
from benchmarks.generated_jpegs import encode
from benchmarks.paper_bundles import SIZES, make_bundle
from unmask.console import run_stage
from unmask.data.pictures.decoding import Pixels
from unmask.serving.bundle.read import load_bundle
from unmask.serving.detector import Detector
from unmask.serving.engines import INT8
from unmask.serving.engines.engine import Engine

NAME = "serving"
FOLDER = Path("benchmarks/tmp") / NAME
IMAGES, ROUNDS = 2000, 5
BARE = "bare"
SINGLE_BAR = {"cnn": None, "resnet50": 2.5}
FOLDER_BAR = {"cnn": None, "resnet50": 0.9}
START_SECONDS = 2.0
WARM_UP, REPEATS = 5, 30


@dataclass(frozen=True)
class Subject:
    """One network in every engine's hands, and a picture that was brought to its size."""

    name: str
    network: Any
    detector: Detector
    int8: Detector
    onnx: Engine
    pixels: Pixels


def main() -> None:
    """Makes networks and pictures, measures, writes the file."""
    arguments = read_arguments()
    shutil.rmtree(FOLDER, ignore_errors=True)
    files = make_pictures(FOLDER / "pictures", num_images=arguments.images)
    lines: list[Comparison] = []
    for name in SIZES:
        subject = make_subject(name)
        lines += measure_single(subject, files[0], rounds=arguments.rounds)
        lines += measure_folder(subject, files, rounds=arguments.rounds)
    lines.append(measure_start(files[0], rounds=arguments.rounds))
    is_trial = (arguments.images, arguments.rounds) != (IMAGES, ROUNDS)
    comparison.report(NAME, lines, trial=f"{arguments.images} images, {arguments.rounds} rounds" if is_trial else "")


def read_arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=IMAGES, help="how many pictures the folder holds")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each way is measured")
    parser.add_argument("--debug", action="store_true", help="shows tracebacks")
    return parser.parse_args()


def make_pictures(folder: Path, *, num_images: int) -> list[Path]:
    """Writes JPEGs of 256 px and 28 KB, as the full Kaggle set's."""
    folder.mkdir(parents=True)
    files = [folder / f"{number:05d}.jpg" for number in range(num_images)]
    for number, file in enumerate(files):
        file.write_bytes(encode(number))
    return files


def make_subject(name: str) -> Subject:
    """Builds the paper's network with random weights, as a bundle and in Keras' hands."""
    folder = FOLDER / "bundles" / name
    network = make_bundle(name, folder)
    detector, int8, onnx = (load_bundle(folder, engine=engine) for engine in ("openvino", INT8, "onnx"))
    pixels = np.random.default_rng(0).integers(0, 256, (SIZES[name], SIZES[name], 3), dtype=np.uint8)
    return Subject(name, network, detector, int8, onnx.engine, pixels)


def measure_single(subject: Subject, file: Path, *, rounds: int) -> list[Comparison]:
    """Compares one picture's time, of ours from the JPEG to the verdict, of the peers from decoded pixels on."""
    content, pixels = file.read_bytes(), subject.pixels
    batch = pixels[None].astype(np.float32)
    ways: dict[str, Callable[[], object]] = {
        "ours": lambda: subject.detector.predict([content]),
        INT8: lambda: subject.int8.predict([content]),
        "Keras' predict_on_batch": lambda: subject.network.predict_on_batch(batch),
        "Keras' model.predict": lambda: subject.network.predict(batch, verbose=0),
        "ONNX Runtime": lambda: list(subject.onnx.answers([pixels])),
    }
    for call in ways.values():
        for _ in range(WARM_UP):
            call()
    found = in_turn({name: partial(median_ms, call) for name, call in ways.items()}, rounds=rounds)
    what = f"{subject.name} at {SIZES[subject.name]} px, one JPEG to its verdict"
    bars = {"Keras' predict_on_batch": SINGLE_BAR[subject.name]}
    lines = [
        compare(what, found["ours"], peer=(peer, found[peer]), at_least=bars.get(peer), unit="ms", better="lower")
        for peer in list(ways)[2:]
    ]
    peer = ("32 bits", found["ours"])
    return [*lines, compare(f"{what}, 8 bits", found[INT8], peer=peer, at_least=None, unit="ms", better="lower")]


def median_ms(call: Callable[[], object]) -> float:
    """Measures one call: the median of several, in milliseconds."""
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return 1000 * statistics.median(times)


def measure_folder(subject: Subject, files: list[Path], *, rounds: int) -> list[Comparison]:
    """Compares a folder's rate, decoding included, with that of the engine alone on one picture again and again."""
    ways: Mapping[str, Callable[[], float]] = {
        "ours": lambda: rate(lambda: subject.detector.predict(files), len(files)),
        INT8: lambda: rate(lambda: subject.int8.predict(files), len(files)),
        BARE: lambda: rate(lambda: list(subject.detector.engine.answers([subject.pixels] * len(files))), len(files)),
        "onnx": lambda: rate(lambda: list(subject.onnx.answers([subject.pixels] * len(files))), len(files)),
        "keras": lambda: rate(lambda: by_keras(subject, len(files)), len(files)),
    }
    found = in_turn(ways, rounds=min(rounds, 3))
    what = f"{subject.name} at {SIZES[subject.name]} px, {len(files):,} JPEGs to their verdicts"
    peers = {
        BARE: ("the bare engine, nothing decoded", FOLDER_BAR[subject.name]),
        "onnx": ("ONNX Runtime, nothing decoded", None),
        "keras": ("Keras' predict_on_batch of 32, nothing decoded", None),
    }
    lines = [
        compare(what, found["ours"], peer=(name, found[key]), at_least=bar, unit="images/s", better="higher")
        for key, (name, bar) in peers.items()
    ]
    peer = ("32 bits", found["ours"])
    return [*lines, compare(f"{what}, 8 bits", found[INT8], peer=peer, at_least=None, unit="images/s", better="higher")]


def by_keras(subject: Subject, num_images: int) -> None:
    """Judges decoded pictures by Keras, in batches."""
    batch = np.repeat(subject.pixels[None].astype(np.float32), 32, axis=0)
    for _ in range(0, num_images, len(batch)):
        subject.network.predict_on_batch(batch)


def rate(call: Callable[[], object], num_images: int) -> float:
    """Measures pictures a second."""
    started = time.perf_counter()
    call()
    return num_images / (time.perf_counter() - started)


def measure_start(file: Path, *, rounds: int) -> Comparison:
    """Measures `unmask predict` on one picture from the start of the process to its end."""
    bundle = str(FOLDER / "bundles" / "resnet50")
    command = [sys.executable, "-c", "from unmask.cli import main; main()", "predict", str(file), "--model", bundle]

    def seconds() -> float:
        started = time.perf_counter()
        subprocess.run(command, check=False, capture_output=True)
        return time.perf_counter() - started

    what = "unmask predict, one JPEG, ResNet50 at 224 px, from a cold start"
    figures = in_turn({"ours": seconds}, rounds=rounds)["ours"]
    return compare(what, figures, peer=("the limit", START_SECONDS), at_least=1.0, unit="s", better="lower")


if __name__ == "__main__":
    run_stage(main)
