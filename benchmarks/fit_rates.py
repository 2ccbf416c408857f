"""How fast `fit` goes on the real input, and on one batch in memory: what the input takes from training."""

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras

from benchmarks.generated_jpegs import class_of, encode
from benchmarks.keras_step import PROFILE, compiled
from unmask import artifacts, config
from unmask.data import shards
from unmask.data.input.batches import training_batches
from unmask.data.input.waiting import Waiting
from unmask.training import fit
from unmask.training.callbacks import BestEpoch, Speed

FOLDER = Path("benchmarks/tmp/train-step")
NUM_PICTURES = 1000
NUM_STEPS = 1_000_000  # no end: the clock ends it
WARM_UP_STEPS = 5  # of each fit


class Clock(keras.callbacks.Callback):
    """Ends a fit after some seconds, and keeps its rate, without its first steps."""

    def __init__(self, seconds: float) -> None:
        """Begins.

        Args:
            seconds: from the last step of the warm-up on.
        """
        super().__init__()
        self.seconds, self.rate = seconds, 0.0
        self.started = self.processor_before = self.processor_per_step = 0.0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Looks at the time."""
        steps = batch + 1 - WARM_UP_STEPS
        if steps == 0:
            self.started, self.processor_before = time.monotonic(), time.process_time()
        if steps >= 2 and time.monotonic() - self.started >= self.seconds:
            self.rate = steps / (time.monotonic() - self.started)
            self.processor_per_step = (time.process_time() - self.processor_before) / steps
            self.model.stop_training = True


class Fits:
    """One model as the paper's recipe builds and compiles it, fitted on either input in turn."""

    def __init__(self, name: str, *, seconds: float) -> None:
        """Builds, compiles and warms up.

        Args:
            name: a key of `MODELS`.
            seconds: of a measurement, at least.
        """
        whole = config.load(PROFILE)
        section = config.training_section(whole, name)
        self.recipe, self.seconds = section.recipe, seconds
        self.side_pixels = whole.preprocess.image_size
        self.index = shards_of(self.side_pixels)
        self.model = compiled(name, section, recipe=self.recipe, side_pixels=self.side_pixels)
        self.one_batch = next(iter(self.real()))
        self.processor: dict[str, list[float]] = {}
        for input_of in (self.real, self.in_memory):
            self.rate(input_of, seconds=0.0)
        self.processor.clear()

    @property
    def about(self) -> str:
        """Says what is fitted: "cnn at 128 px, batches of 32, float32"."""
        recipe = self.recipe
        return f"{self.model.name} at {self.side_pixels} px, batches of {recipe.batch_size}, {recipe.precision}"

    def real(self) -> Any:
        """Gives the training's own batches."""
        recipe = self.recipe
        return training_batches(
            self.index, batch_size=recipe.batch_size, seed=recipe.seed, augmentation=recipe.augmentation
        )

    def in_memory(self) -> Any:
        """Gives one and the same batch without end."""
        import tensorflow as tf

        return tf.data.Dataset.from_tensors(self.one_batch).repeat()

    def rate(self, input_of: Callable[[], Any], *, seconds: float | None = None) -> float:
        """Fits as training does, validation on one batch apart; gives images a second, notes the processor's time."""
        clock = Clock(self.seconds if seconds is None else seconds)
        phase = fit.Phase(fit.ALL, self.recipe, num_steps=NUM_STEPS, first=0, state=None)
        best, waiting = BestEpoch(self.recipe, state=None), Waiting()
        self.model.fit(
            waiting.watch(input_of()),
            steps_per_epoch=NUM_STEPS,
            shuffle=False,
            validation_data=self.in_memory().take(1),
            callbacks=[
                *fit.watchers(phase, rows=[], best=best, save=None),
                Speed(waiting, num_images=self.index.records),
                clock,
            ],
            verbose=0,
        )
        size = self.recipe.batch_size
        self.processor.setdefault(input_of.__name__, []).append(clock.processor_per_step / size * 1000)
        return clock.rate * size


def shards_of(side_pixels: int) -> shards.ShardIndex:
    """Makes shards of generated JPEGs, once."""
    folder = FOLDER / f"shards-{side_pixels}"
    if not folder.exists():
        contents = [(number, encode(number, side_pixels=side_pixels)) for number in range(NUM_PICTURES)]
        examples = [
            shards.Example(
                member=f"{number:05d}.jpg",
                label=int(class_of(number) == "fake"),
                sha256=hashlib.sha256(content).hexdigest(),
                image=content,
            )
            for number, content in contents
        ]
        with artifacts.atomic_path(folder) as target:
            shards.write(
                target,
                sorted(examples, key=lambda example: example.sha256),
                total=len(examples),
                shard_megabytes=5.0,
                about={"preprocess": {"image_size": side_pixels}},
            )
    return shards.read_index(folder)
