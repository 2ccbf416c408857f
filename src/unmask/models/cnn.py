"""The small CNN: blocks of convolution and pooling, then a dense head; beside the pixels, where asked, their edges."""

import keras

from unmask.config import CnnConfig
from unmask.models.gradients import edges_of
from unmask.models.normalization import BatchNormalization
from unmask.models.residuals import Residuals

SCALINGS = {"unit": {"scale": 1 / 255, "offset": 0.0}, "centred": {"scale": 1 / 127.5, "offset": -1.0}}
PIXELS, GRADIENTS = "", "gradients_"  # what the names of a branch's layers begin with


def build(config: CnnConfig, *, image_size: int) -> keras.Model:
    """Builds the CNN of Elsharaby, "Deepfakes Face image, Face Manipulation and Fake Detection", or a variation.

    The paper's own is filters (16, 32, 32), no batch normalisation, flattened, 64 dense units, no dropout. It names
    neither scaling, padding nor kernel size; our reading is [0, 1], "valid" (Keras' default) and 3x3.

    Args:
        config: the shape.
        image_size: the images' side in pixels.

    Returns:
        A model from images (batch, image_size, image_size, 3) float32 in [0, 255] to logits (batch, 1) float32.
    """
    images = keras.Input((image_size, image_size, 3), name="images")
    branches = []
    if config.filters:
        branches.append(blocks(first_input(images, config=config), config.filters, config=config, prefix=PIXELS))
    if config.gradient_filters:
        edges = edges_of(images, cell=config.gradient_cell, bins=config.gradient_bins)
        branches.append(blocks(edges, config.gradient_filters, config=config, prefix=GRADIENTS))
    features = branches[0] if len(branches) == 1 else keras.layers.Concatenate(name="branches")(branches)
    if config.dropout:
        features = keras.layers.Dropout(config.dropout, name="dropout_before")(features)
    features = keras.layers.Dense(config.dense_units, activation="relu", name="dense")(features)
    if config.dropout:
        features = keras.layers.Dropout(config.dropout, name="dropout_after")(features)
    logits = keras.layers.Dense(1, dtype="float32", name="logits")(features)
    return keras.Model(images, logits, name="cnn")


def first_input(images: keras.KerasTensor, *, config: CnnConfig) -> keras.KerasTensor:
    """Prepares the pixels, their residuals, or both, shrunk where asked, for the first convolution."""
    pixels = keras.layers.Rescaling(**SCALINGS[config.scaling], name="scaling")
    residuals = Residuals(name="residuals")
    match config.inputs:
        case "pixels":
            features = pixels(images)
        case "residuals":
            features = residuals(images)
        case "both":
            features = keras.layers.Concatenate(name="inputs")([pixels(images), residuals(images)])
    if config.shrink > 1:
        features = keras.layers.AveragePooling2D(config.shrink, name="shrink")(features)
    return features


def blocks(features: keras.KerasTensor, filters: list[int], *, config: CnnConfig, prefix: str) -> keras.KerasTensor:
    """Adds a branch: a block for each number of filters, then its pooling to a vector."""
    for number, channels in enumerate(filters, start=1):
        features = block(features, filters=channels, config=config, prefix=prefix, number=number)
    pool = {"average": keras.layers.GlobalAveragePooling2D, "flatten": keras.layers.Flatten}[config.pooling]
    return pool(name=f"{prefix}{config.pooling}")(features)


def block(
    features: keras.KerasTensor, *, filters: int, config: CnnConfig, prefix: str, number: int
) -> keras.KerasTensor:
    """Adds convolution 3x3, ReLU and max-pooling 2x2, with batch normalisation between where asked."""
    name = f"{prefix}convolution_{number}"
    pool = keras.layers.MaxPooling2D(2, name=f"{prefix}pooling_{number}")
    if not config.batch_normalization:
        return pool(keras.layers.Conv2D(filters, 3, padding=config.padding, activation="relu", name=name)(features))
    features = keras.layers.Conv2D(filters, 3, padding=config.padding, use_bias=False, name=name)(features)
    features = BatchNormalization(name=f"{prefix}normalization_{number}")(features)
    return pool(keras.layers.ReLU(name=f"{prefix}relu_{number}")(features))
