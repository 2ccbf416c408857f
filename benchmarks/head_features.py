"""Measures ten epochs of ResNet50's head: on features computed once, against the frozen backbone in every epoch.

    python -m benchmarks.head_features
    python -m benchmarks.head_features --images 200

The second is a trial: it shows its lines and leaves the benchmark's file alone.
"""

import argparse
import hashlib
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import comparison, validation
from benchmarks.comparison import Comparison, compare, in_turn
from unmask import config
from unmask.config import Config
from unmask.console import run_stage, silent_start
from unmask.data import shards
from unmask.data.drawing.specimen import draw_specimen
from unmask.data.preprocess import stored_image
from unmask.data.shards import read_index
from unmask.evaluation.bootstrap import Interval
from unmask.records import TRAIN, VALIDATION

NAME = "head-features"
FOLDER = Path("benchmarks/tmp") / NAME
SHARDS, STATES = FOLDER / "shards", FOLDER / "states"
MODEL = "resnet50"
EPOCHS = 10
LEARNING_RATE = 0.0001  # at the sample's 0.001 a random backbone's features kill every unit of the head in four epochs
BAR = 5.0
IMAGES, ROUNDS = 3000, 1
VALIDATION_SHARE = 1 / 6  # as in the full Kaggle set: 20,000 of 120,000
ON_FEATURES, ON_KEPT, PLAIN = "features", "kept", "plain"


@dataclass
class Measured:
    """What the ways left: the head's time on features that are there already, the processor's time, and the scores."""

    kept_seconds: list[float]
    processor_seconds: dict[str, list[float]]
    scores: dict[str, Interval]


def main() -> None:
    """Makes the images, measures, writes the file."""
    arguments = read_arguments()
    lines = measure(num_images=arguments.images, rounds=arguments.rounds)
    is_trial = (arguments.images, arguments.rounds) != (IMAGES, ROUNDS)
    comparison.report(NAME, lines, trial=f"{arguments.images} images, {arguments.rounds} rounds" if is_trial else "")


def read_arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=IMAGES, help="how many faces are drawn")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each way is measured")
    parser.add_argument("--debug", action="store_true", help="shows tracebacks")
    return parser.parse_args()


def measure(*, num_images: int, rounds: int) -> list[Comparison]:
    """Measures both ways in turn."""
    parameters = sample_parameters()
    make_shards(parameters, num_images=num_images)
    with silent_start():
        from unmask.training import fit, head_features  # noqa: F401 - their start is in neither way's time
    measured = Measured([], {ON_FEATURES: [], PLAIN: []}, {})
    ways: dict[str, Callable[[], float]] = {
        ON_FEATURES: partial(on_features, parameters, measured),
        PLAIN: partial(plain, parameters, measured),
    }
    seconds = in_turn(ways, rounds=rounds)
    return lines_of({**seconds, ON_KEPT: measured.kept_seconds}, measured)


def sample_parameters() -> Config:
    """Gives the sample's parameters with the head's phase, which early stopping does not shorten."""
    whole = config.load(Path("profiles/sample.yaml"))
    section = whole.train.resnet50
    recipe = replace(
        section.recipe, head_epochs=EPOCHS, head_learning_rate=LEARNING_RATE, early_stopping_patience=EPOCHS
    )
    return replace(whole, train=replace(whole.train, resnet50=replace(section, recipe=recipe)))


def make_shards(parameters: Config, *, num_images: int) -> None:
    """Draws faces as the stage download does, and writes them as the stage preprocess does."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    preprocess = parameters.preprocess
    num_validation = round(num_images * VALIDATION_SHARE)
    drawn = [draw(parameters, number) for number in range(num_images)]
    about = {"preprocess": {"image_size": preprocess.image_size}}
    for split, examples in ((TRAIN, drawn[num_validation:]), (VALIDATION, drawn[:num_validation])):
        ordered = sorted(examples, key=lambda example: example.sha256)
        megabytes = preprocess.shard_megabytes
        shards.write(SHARDS / split, ordered, total=len(ordered), shard_megabytes=megabytes, about=about)


def draw(parameters: Config, number: int) -> shards.Example:
    """Draws one face, real and fake in turn, and brings it to the size that models see."""
    sample, label = parameters.download.sample, number % 2
    content = draw_specimen(seed=sample.seed, label=label, index=number // 2, image_size=sample.image_size)
    image = stored_image(content, config=parameters.preprocess, max_pixels=parameters.index.max_pixels)
    return shards.Example(f"{number}.jpg", label, hashlib.sha256(content).hexdigest(), image)


def on_features(parameters: Config, measured: Measured) -> float:
    """Computes the features and trains the head on them; gives the seconds of both."""
    from unmask.data.features import read_features
    from unmask.training import head_features

    folder = FOLDER / "features"
    shutil.rmtree(folder, ignore_errors=True)
    batch_size = parameters.head_features.batch_size
    started, busy = time.monotonic(), time.process_time()
    head_features.write(folder, MODEL, parameters.train.resnet50, shards=SHARDS, batch_size=batch_size)
    computed = time.monotonic()
    model = train_head(parameters, features=read_features(folder, is_needed=True))
    ended = time.monotonic()
    measured.processor_seconds[ON_FEATURES].append(time.process_time() - busy)
    measured.kept_seconds.append(ended - computed)
    measured.scores[ON_FEATURES] = validation.area(model, SHARDS, section=parameters.evaluate)
    return ended - started


def plain(parameters: Config, measured: Measured) -> float:
    """Trains the head with the frozen backbone before it; gives the seconds."""
    started, busy = time.monotonic(), time.process_time()
    model = train_head(parameters, features=None)
    seconds = time.monotonic() - started
    measured.processor_seconds[PLAIN].append(time.process_time() - busy)
    measured.scores[PLAIN] = validation.area(model, SHARDS, section=parameters.evaluate)
    return seconds


def train_head(parameters: Config, *, features: Any) -> Any:
    """Builds the model and fits its head, its state kept after each epoch as the stage train does."""
    from unmask.data.input.reading import steps
    from unmask.training import backbone, fit
    from unmask.training.checkpoint import Checkpoint

    section = parameters.train.resnet50
    recipe = replace(section.recipe, loss="binary_crossentropy")
    data = (read_index(SHARDS / TRAIN), read_index(SHARDS / VALIDATION))
    model = backbone.build(MODEL, section, image_size=data[0].image_size)
    kept = Checkpoint(STATES, key=NAME)
    num_steps = steps(data[0].records, recipe.batch_size)
    phase = fit.Phase(fit.HEAD, fit.head_recipe(recipe), num_steps=num_steps, first=0, state=None)
    run = partial(fit.fit_phase, rows=[], extra=[], save=kept.save)
    fit.fit_head(model, phase, data=data, features=features, run=run)
    kept.clear()
    return model


def lines_of(seconds: dict[str, list[float]], measured: Measured) -> list[Comparison]:
    """Compares times and scores; a score must not lie below the plain way's interval.

    Args:
        seconds: of each way, one a round; of `ON_KEPT` without the computing of features.
        measured: the rest; the scores are the last round's.
    """
    ours, other = measured.scores[ON_FEATURES], measured.scores[PLAIN]
    processor = measured.processor_seconds
    what = f"{EPOCHS} epochs of ResNet50's head"
    peer = ("the frozen backbone in each epoch", seconds[PLAIN])
    return [
        compare(
            f"{what}, the features computed before",
            seconds[ON_FEATURES],
            peer=peer,
            at_least=BAR,
            unit="s",
            better="lower",
        ),
        compare(
            f"processor's time, {what}, the features computed before",
            processor[ON_FEATURES],
            peer=(peer[0], processor[PLAIN]),
            at_least=None,
            unit="core s",
            better="lower",
        ),
        compare(
            f"{what}, the features kept by DVC", seconds[ON_KEPT], peer=peer, at_least=None, unit="s", better="lower"
        ),
        compare(
            f"validation AUC, {spell(ours)}",
            [ours.value],
            peer=(f"the frozen backbone in each epoch, {spell(other)}", other.value),
            at_least=comparison.round_figure(other.low / other.value),
            unit="AUC",
            better="higher",
        ),
    ]


def spell(interval: Interval) -> str:
    """Spells an interval's bounds."""
    return f"{interval.low:.3f} to {interval.high:.3f}"


if __name__ == "__main__":
    run_stage(main)
