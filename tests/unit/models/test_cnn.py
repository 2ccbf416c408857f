"""The paper's CNN, counted by hand."""

from dataclasses import replace
from typing import Any

import keras
import pytest

from unmask.config import CnnConfig
from unmask.models import cnn

PAPER = CnnConfig(
    inputs="pixels",
    scaling="unit",
    shrink=1,
    filters=[16, 32, 32],
    gradient_cell=8,
    gradient_bins=9,
    gradient_filters=[],
    padding="valid",
    batch_normalization=False,
    pooling="flatten",
    dense_units=64,
    dropout=0.0,
)


def test_paper_cnn_has_the_papers_layers_in_order() -> None:
    kinds = [type(layer).__name__ for layer in cnn.build(PAPER, image_size=256).layers]
    block = ["Conv2D", "MaxPooling2D"]
    assert kinds == ["InputLayer", "Rescaling", *block, *block, *block, "Flatten", "Dense", "Dense"]


def test_paper_cnn_has_the_number_of_weights_worked_by_hand() -> None:
    # Convolutions 3x3: 16*(9*3+1)=448, 32*(9*16+1)=4640, 32*(9*32+1)=9248.
    # Sides: 256 -> 254 -> 127 -> 125 -> 62 -> 60 -> 30, so flat 30*30*32=28800.
    # Dense: 64*(28800+1)=1843264, 1*(64+1)=65. Sum 1857665.
    assert cnn.build(PAPER, image_size=256).count_params() == 1_857_665


@pytest.mark.parametrize("pooling", ["flatten", "average"])
def test_batch_normalization_follows_every_convolution(pooling: str) -> None:
    config = replace(PAPER, filters=[4, 8], batch_normalization=True, pooling=pooling, dense_units=4, dropout=0.5)
    model = cnn.build(config, image_size=32)
    normalized = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert len(normalized) == 2


def layer_names(**changes: Any) -> list[str]:
    return [layer.name for layer in cnn.build(replace(PAPER, **changes), image_size=64).layers]


def test_a_branch_without_filters_is_left_out() -> None:
    assert "oriented_gradients" not in layer_names()
    alone = layer_names(filters=[], gradient_filters=[4])
    assert "oriented_gradients" in alone
    assert "convolution_1" not in alone
    assert "branches" not in alone
    assert "branches" in layer_names(gradient_filters=[4])


def test_both_branches_reach_the_dense_layer() -> None:
    model = cnn.build(replace(PAPER, filters=[2], gradient_filters=[3], padding="same"), image_size=64)
    # Pixels: 64 / 2 = 32, 32 * 32 * 2. Edges: cells 64 / 8 = 8, pooled to 4, 4 * 4 * 3.
    assert model.get_layer("dense").kernel.shape == (32 * 32 * 2 + 4 * 4 * 3, 64)


def test_what_the_first_convolution_sees_is_chosen_and_shrunk() -> None:
    for inputs, channels in (("pixels", 3), ("residuals", 3), ("both", 6)):
        model = cnn.build(replace(PAPER, inputs=inputs, shrink=2), image_size=64)
        assert model.get_layer("convolution_1").input.shape == (None, 32, 32, channels)
