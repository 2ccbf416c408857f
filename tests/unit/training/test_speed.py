"""Speed beside the logs of an epoch, and never in the history."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import pytest

from unmask import config
from unmask.data.input.waiting import Waiting
from unmask.training import fit
from unmask.training.callbacks import Speed

ROOT = Path(__file__).parents[3]
NAMES = {"images_per_second", "input_wait_share"}


class Pretended(Waiting):
    """A wait of half a second."""

    def __init__(self) -> None:
        pass

    def take(self) -> float:
        return 0.5


def test_speed_is_images_over_the_time_of_training_without_validation(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([100.0, 101.0, 102.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(moments))
    speed, logs = Speed(Pretended(), num_images=30), {}
    speed.on_epoch_begin(0)
    for batch in (0, 1):
        speed.on_train_batch_end(batch)
    speed.on_epoch_end(0, logs)  # however late
    # 30 images in 2 s, of which half a second was spent waiting.
    assert logs == {"images_per_second": 15.0, "input_wait_share": 0.25}


def test_callbacks_see_the_speed_and_the_history_does_not(splits: Any) -> None:
    whole = config.load(ROOT / "profiles" / "sample.yaml").train.cnn
    recipe = replace(whole.recipe, epochs=2, batch_size=8, loss="binary_crossentropy")
    section = replace(whole, architecture=replace(whole.architecture, filters=[4], dense_units=4), recipe=recipe)
    seen: list[dict[str, float]] = []
    look = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(dict(logs)))
    trained = fit.train("cnn", section, training=splits[0], validation=splits[1], callbacks=[look])
    assert all(set(logs) >= NAMES for logs in seen)
    assert all(logs["images_per_second"] > 0 and 0 <= logs["input_wait_share"] <= 1 for logs in seen)
    assert len(seen) == 2
    assert not NAMES & set(trained.history)
