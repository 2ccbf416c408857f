"""The picture of the first batch: what training sees, and the same every time."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from unmask import config
from unmask.figures import png
from unmask.training import feeds, first_batch, fit

ROOT = Path(__file__).parents[3]


@pytest.fixture
def section() -> Any:
    whole = config.load(ROOT / "profiles" / "sample.yaml").train.cnn
    varied = replace(whole.recipe.augmentation, rotation=20.0, brightness=0.2, noise=4.0)
    recipe = replace(whole.recipe, epochs=1, batch_size=8, loss="binary_crossentropy", augmentation=varied)
    return replace(whole, architecture=replace(whole.architecture, filters=[4], dense_units=4), recipe=recipe)


def shown(section: Any, splits: Any) -> list[np.ndarray]:
    figure = first_batch.draw(splits[0], recipe=section.recipe, model_name="cnn", epoch=0)
    return [np.asarray(axes.images[0].get_array()) for axes in figure.axes]


def test_it_shows_the_batch_that_training_begins_with(section: Any, splits: Any, monkeypatch: Any) -> None:
    seen: list[np.ndarray] = []
    make = feeds.training_batches

    def spy(*arguments: Any, **options: Any) -> Any:
        batches = make(*arguments, **options)
        seen.extend(next(batches.take(1).as_numpy_iterator())[0])
        return batches

    monkeypatch.setattr(feeds, "training_batches", spy)
    fit.train("cnn", section, training=splits[0], validation=splits[1], callbacks=[keras.callbacks.Callback()])
    np.testing.assert_array_equal(shown(section, splits), seen)


def test_variation_shows(section: Any, splits: Any) -> None:
    still = replace(section.recipe.augmentation, rotation=0.0, brightness=0.0, noise=0.0, horizontal_flip=0.0)
    plain = replace(section, recipe=replace(section.recipe, augmentation=still))
    assert not np.array_equal(shown(section, splits), shown(plain, splits))


def test_same_data_and_recipe_give_the_same_bytes(section: Any, splits: Any) -> None:
    one, other = (png(first_batch.draw(splits[0], recipe=section.recipe, model_name="cnn", epoch=0)) for _ in range(2))
    assert one == other


def test_a_large_batch_is_shown_in_part(section: Any, splits: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(first_batch, "MOST", 5)
    figure = first_batch.draw(splits[0], recipe=section.recipe, model_name="cnn", epoch=0)
    assert len(figure.axes) == 5
    assert "5 of its 8 pictures" in figure.texts[1].get_text()


def test_the_epoch_given_is_shown(section: Any, splits: Any) -> None:
    one, other = (first_batch.draw(splits[0], recipe=section.recipe, model_name="cnn", epoch=epoch) for epoch in (0, 1))
    assert png(one) != png(other)


def test_the_first_whole_epoch_is_the_one_after_the_heads_last() -> None:
    history = pd.DataFrame({"epoch": [0, 1, 2, 3], "phase": ["head", "head", "all", "all"]})
    assert fit.Trained(model=None, history=history, best_epoch=3).first_whole_epoch == 2
