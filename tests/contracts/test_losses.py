"""What holds for every loss in the table."""

from typing import get_args, get_type_hints

import keras
import numpy as np
import pytest

from unmask.config import RecipeConfig
from unmask.losses import LOSSES

LABELS = np.array([[0.0], [1.0], [1.0]], dtype="float32")


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_right_logits_cost_less_than_wrong_ones(name: str) -> None:
    right, wrong = (LABELS * 2 - 1) * 4, (1 - LABELS * 2) * 4
    loss = LOSSES[name]()
    assert float(loss(LABELS, right)) < float(loss(LABELS, wrong))


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_large_logits_stay_finite(name: str) -> None:
    assert np.isfinite(float(LOSSES[name]()(LABELS, np.full((3, 1), 1e4, dtype="float32"))))


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_survives_being_written_and_read(name: str) -> None:
    loss = LOSSES[name]()
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    logits = np.array([[0.3], [-1.0], [2.0]], dtype="float32")
    assert float(again(LABELS, logits)) == pytest.approx(float(loss(LABELS, logits)))


def test_binary_crossentropy_of_logit_zero_is_the_logarithm_of_two() -> None:
    # sigmoid(0) = 0.5, and -log(0.5) = 0.6931.
    zeros = np.zeros((3, 1), dtype="float32")
    assert float(LOSSES["binary_crossentropy"]()(LABELS, zeros)) == pytest.approx(0.6931472)


def test_parameters_allow_exactly_the_losses_of_the_table() -> None:
    assert sorted(get_args(get_type_hints(RecipeConfig)["loss"])) == sorted(LOSSES)
