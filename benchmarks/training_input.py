"""Measures training input, decoded and varied as training takes it, against peers and against decoding alone.

    python -m benchmarks.training_input
    python -m benchmarks.training_input --rounds 1 --seconds 2

The second is a trial: it shows its lines and leaves the benchmark's file alone.
"""

import argparse
import json
import os
import resource
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import comparison
from benchmarks.comparison import Comparison, compare, in_turn
from benchmarks.generated_jpegs import class_of, encode
from benchmarks.workspace import MeasurementError
from unmask import artifacts
from unmask.config import AugmentationConfig
from unmask.console import run_stage, silent_start
from unmask.data import shards

NAME = "training-input"
FOLDER = Path("benchmarks/tmp") / NAME
PICTURES, SHARDS = FOLDER / "pictures", FOLDER / "shards"
PEERS_PYTHON = Path(".venv-peers/bin/python")
NUM_PICTURES = 4000
SIDE_PIXELS = 224
BATCH = 32
ROUNDS, SECONDS, WARM_UP_SECONDS = 4, 4.0, 2.0
DEGREES, ZOOM = 20.0, 0.2
UNVARIED = AugmentationConfig(**{field.name: 0.0 for field in fields(AugmentationConfig)})
PAPER = replace(UNVARIED, horizontal_flip=0.5, rotation=DEGREES, zoom=ZOOM)
VARIED, PLAIN, SEQUENTIAL = "varied", "plain", "sequential"
GENERATOR, LAYERS = "ImageDataGenerator", "image_dataset_from_directory and Keras layers"
TORCH = {"grid_sample": "PyTorch DataLoader, grid_sample", "pillow": "PyTorch DataLoader, Pillow"}
DECODER, OWN_DECODER = "simplejpeg", "tf.io.decode_jpeg"
Rates = Mapping[str, Sequence[float]]


def main() -> None:
    """Makes the pictures, measures, writes the file."""
    arguments = read_arguments()
    lines = measure(rounds=arguments.rounds, seconds=arguments.seconds)
    is_trial = (arguments.rounds, arguments.seconds) != (ROUNDS, SECONDS)
    comparison.report(NAME, lines, trial=f"{arguments.rounds} rounds" if is_trial else "")


def read_arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each is measured")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long each is measured")
    parser.add_argument("--debug", action="store_true", help="shows tracebacks")
    return parser.parse_args()


def measure(*, rounds: int, seconds: float) -> list[Comparison]:
    """Measures every way in turn."""
    make_pictures()
    with silent_start():
        sources = in_process()
    used: dict[str, list[float]] = {}
    ways: dict[str, Callable[[], float]] = {
        name: partial(timed, name, source, seconds=seconds, used=used) for name, source in sources.items()
    }
    if PEERS_PYTHON.exists():
        scripts = {name: ["benchmarks/torch_loader.py", "--way", way] for way, name in TORCH.items()}
        scripts[DECODER] = ["benchmarks/decode_limit.py"]
        ways |= {name: partial(timed_peer, name, call, seconds, used) for name, call in scripts.items()}
    return lines_of(in_turn(ways, rounds=rounds), used)


def in_process() -> dict[str, Callable[[], Iterable[Any]]]:
    """Gives the ways that TensorFlow runs: name to what makes its endless batches anew; images come first in each."""
    from unmask.data.input.batches import training_batches

    index = shards.read_index(SHARDS)
    return {
        VARIED: lambda: training_batches(index, batch_size=BATCH, seed=1, augmentation=PAPER),
        PLAIN: lambda: training_batches(index, batch_size=BATCH, seed=1, augmentation=UNVARIED),
        SEQUENTIAL: lambda: sequential(index),
        OWN_DECODER: lambda: decoded_from_memory(),
        GENERATOR: lambda: image_data_generator(),
        LAYERS: lambda: keras_layers(),
    }


def sequential(index: shards.ShardIndex) -> Iterable[Any]:
    """Reads shard after shard, and is else as training's input without variation."""
    import tensorflow as tf

    from unmask.data.input.batches import READ_AHEAD_BATCHES, shaped
    from unmask.data.input.reading import records_of

    batches = records_of(index).batch(BATCH).repeat().prefetch(READ_AHEAD_BATCHES)
    load = partial(shaped, size=SIDE_PIXELS)
    return batches.map(load, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True).prefetch(tf.data.AUTOTUNE)


def decoded_from_memory() -> Iterable[Any]:
    """Decodes as TensorFlow does, from memory, on all cores; nothing kept but a value of each image."""
    import tensorflow as tf

    contents = [file.read_bytes() for file in files_of_pictures()]
    whole = len(contents) // BATCH * BATCH
    stored = tf.data.Dataset.from_tensor_slices(np.array(contents[:whole], dtype=object).reshape(-1, BATCH)).repeat()

    def decode(batch: Any) -> tuple[Any]:
        images = [tf.io.decode_jpeg(batch[n], channels=3, dct_method="INTEGER_ACCURATE") for n in range(BATCH)]
        return (tf.stack([image[0, 0, 0] for image in images]),)  # whose decoding would be left out without a use

    return stored.map(decode, num_parallel_calls=len(os.sched_getaffinity(0))).prefetch(2)


def image_data_generator() -> Iterable[Any]:
    """Makes Keras' former generator over the files, which the paper's year would have used."""
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    generator = ImageDataGenerator(rotation_range=DEGREES, zoom_range=ZOOM, horizontal_flip=True, fill_mode="reflect")
    with silent_start():
        return generator.flow_from_directory(
            str(PICTURES), target_size=(SIDE_PIXELS, SIDE_PIXELS), batch_size=BATCH, class_mode="binary", seed=1
        )


def keras_layers() -> Iterable[Any]:
    """Makes Keras' own pipeline of today over the files, with its layers in `map`, as its guide has them."""
    import keras
    import tensorflow as tf

    pictures = keras.utils.image_dataset_from_directory(
        PICTURES, label_mode="binary", image_size=(SIDE_PIXELS, SIDE_PIXELS), batch_size=BATCH, seed=1, verbose=False
    )
    layers = [
        keras.layers.RandomFlip("horizontal", seed=1),
        keras.layers.RandomRotation(DEGREES / 360, seed=1),
        keras.layers.RandomZoom((-ZOOM, ZOOM), seed=1),
    ]

    def vary(images: Any, labels: Any) -> tuple[Any, Any]:
        for layer in layers:
            images = layer(images, training=True)
        return images, labels

    return pictures.repeat().map(vary, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


def timed(name: str, source: Callable[[], Iterable[Any]], *, seconds: float, used: dict[str, list[float]]) -> float:
    """Reads batches for so long, notes the processor's seconds for 1,000 images, gives images a second."""
    batches = iter(source())
    read_for(batches, seconds=WARM_UP_SECONDS)
    before = processor_seconds()
    count, lasted = read_for(batches, seconds=seconds)
    used.setdefault(name, []).append((processor_seconds() - before) / count * 1000)
    return count / lasted


def read_for(batches: Any, *, seconds: float) -> tuple[int, float]:
    """Reads for so long; gives how many images, and how long it was."""
    started, count = time.monotonic(), 0
    while time.monotonic() - started < seconds:
        count += len(next(batches)[0])
    return count, time.monotonic() - started


def processor_seconds() -> float:
    """Says what this process has used on all cores."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def timed_peer(name: str, script: Sequence[str], seconds: float, used: dict[str, list[float]]) -> float:
    """Does as `timed` in the environment of the peers."""
    options = ["--pictures", str(PICTURES), "--warm-up-seconds", str(WARM_UP_SECONDS), "--seconds", str(seconds)]
    command = [str(PEERS_PYTHON), *script, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MeasurementError(f"{' '.join(command)} failed: {done.stderr.strip()}")
    figures = json.loads(done.stdout)
    used.setdefault(name, []).append(figures["processor_seconds_per_image"] * 1000)
    return float(figures["images_per_second"])


def lines_of(rates: Rates, used: Rates) -> list[Comparison]:
    """Makes the lines."""
    torch = fastest([name for name in TORCH.values() if name in rates], rates) or TORCH["grid_sample"]
    against = partial(rate_line, rates)
    varied = f"varied images of {SIDE_PIXELS} px: flip, rotation, zoom"
    plain = f"images of {SIDE_PIXELS} px as they are"
    lines = [
        against(varied, VARIED, GENERATOR, at_least=10.0),
        against(varied, VARIED, LAYERS, at_least=1.3),
        against(varied, VARIED, torch, at_least=1.0),
        against(plain, PLAIN, DECODER, at_least=0.9),
        against(plain, PLAIN, OWN_DECODER, at_least=None),
        against("shuffled, as they are", PLAIN, SEQUENTIAL, at_least=0.95),
    ]
    for what, ours, peers in ((varied, VARIED, (GENERATOR, LAYERS, torch)), (plain, PLAIN, (DECODER, OWN_DECODER))):
        lines += [processor_line(used, f"processor's time, {what}", ours, peer) for peer in peers]
    return lines


def fastest(names: Sequence[str], rates: Rates) -> str | None:
    """Finds the name with the highest median."""
    return max(names, key=lambda name: float(np.median(rates[name])), default=None)


def rate_line(rates: Rates, what: str, ours: str, peer: str, *, at_least: float | None) -> Comparison:
    """Makes a line of images a second."""
    figures = (TITLES.get(peer, peer), rates.get(peer))
    return compare(what, rates[ours], peer=figures, at_least=at_least, unit="images/s", better="higher")


def processor_line(used: Rates, what: str, ours: str, peer: str) -> Comparison:
    """Makes a line, without a bar, of the processor's time."""
    figures = (TITLES.get(peer, peer), used.get(peer))
    return compare(what, used[ours], peer=figures, at_least=None, unit="core s/1,000 images", better="lower")


TITLES = {
    DECODER: "libjpeg-turbo alone (simplejpeg, all cores)",
    OWN_DECODER: "TensorFlow's libjpeg-turbo alone (tf.io.decode_jpeg, all cores)",
    SEQUENTIAL: "the same, shard after shard",
}


def make_pictures() -> None:
    """Makes the JPEGs and their shards, once."""
    if not PICTURES.exists():
        with artifacts.atomic_path(PICTURES) as target:
            for number in range(NUM_PICTURES):
                file = target / class_of(number) / f"{number:05d}.jpg"
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(encode(number, side_pixels=SIDE_PIXELS))
    if not SHARDS.exists():
        hashed = sorted((artifacts.sha256_of_file(file), file) for file in files_of_pictures())
        examples = [
            shards.Example(member=file.name, label=int(file.parent.name == "fake"), sha256=sha256, image=content)
            for sha256, file in hashed
            for content in [file.read_bytes()]
        ]
        about = {"preprocess": {"image_size": SIDE_PIXELS}}
        with artifacts.atomic_path(SHARDS) as target:
            shards.write(target, examples, total=len(examples), shard_megabytes=20.0, about=about)


def files_of_pictures() -> list[Path]:
    """Lists the JPEGs."""
    return sorted(PICTURES.rglob("*.jpg"))


if __name__ == "__main__":
    run_stage(main)
