"""The paper's CNN, counted by hand."""

import keras
import pytest

from unmask.config import CnnConfig
from unmask.models import cnn

PAPER = CnnConfig(
    filters=[16, 32, 32],
    scaling="unit",
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
    config = CnnConfig(
        filters=[4, 8],
        scaling="unit",
        padding="valid",
        batch_normalization=True,
        pooling=pooling,
        dense_units=4,
        dropout=0.5,
    )
    model = cnn.build(config, image_size=32)
    normalized = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert len(normalized) == 2
