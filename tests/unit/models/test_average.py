"""The average of several models and of an image and its mirror image."""

from pathlib import Path

import keras
import numpy as np
import pytest

from unmask.models.average import average, find_layer


def model(seed: int) -> keras.Model:
    keras.utils.set_random_seed(seed)
    images = keras.Input((4, 4, 3), name="images")
    logits = keras.layers.Dense(1, name="logits")(keras.layers.Flatten(name="flatten")(images))
    return keras.Model(images, logits, name="cnn")


IMAGES = np.random.default_rng(0).uniform(0, 1, (5, 4, 4, 3)).astype("float32")


def test_one_model_without_flips_is_left_as_it_is() -> None:
    alone = model(1)
    assert average([alone], test_time_flip=False) is alone


@pytest.mark.parametrize("test_time_flip", [False, True])
def test_logits_are_averaged(test_time_flip: bool, tmp_path: Path) -> None:
    members = [model(seed) for seed in (1, 2, 3)]
    views = [IMAGES, IMAGES[:, :, ::-1]] if test_time_flip else [IMAGES]
    expected = np.mean([member.predict_on_batch(view) for member in members for view in views], axis=0)
    whole = average(members, test_time_flip=test_time_flip)
    np.testing.assert_allclose(whole.predict_on_batch(IMAGES), expected, rtol=1e-5)
    assert whole.name == "cnn"
    whole.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False, safe_mode=True)
    np.testing.assert_allclose(loaded.predict_on_batch(IMAGES), expected, rtol=1e-5)


def test_a_layer_is_found_inside_of_members() -> None:
    whole = average([model(1), model(2)], test_time_flip=True)
    np.testing.assert_array_equal(find_layer(whole, "logits").kernel, model(1).get_layer("logits").kernel)
    with pytest.raises(ValueError, match="has no layer 'absent'"):
        find_layer(whole, "absent")
