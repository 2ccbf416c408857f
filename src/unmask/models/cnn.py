"""The small CNN: blocks of convolution and pooling, then a dense head."""

import keras

from unmask.config import CnnConfig

SCALINGS = {"unit": {"scale": 1 / 255, "offset": 0.0}, "centred": {"scale": 1 / 127.5, "offset": -1.0}}


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
    features = keras.layers.Rescaling(**SCALINGS[config.scaling], name="scaling")(images)
    for number, filters in enumerate(config.filters, start=1):
        features = block(features, filters=filters, config=config, number=number)
    pool = {"average": keras.layers.GlobalAveragePooling2D, "flatten": keras.layers.Flatten}[config.pooling]
    features = pool(name=config.pooling)(features)
    if config.dropout:
        features = keras.layers.Dropout(config.dropout, name="dropout_before")(features)
    features = keras.layers.Dense(config.dense_units, activation="relu", name="dense")(features)
    if config.dropout:
        features = keras.layers.Dropout(config.dropout, name="dropout_after")(features)
    logits = keras.layers.Dense(1, dtype="float32", name="logits")(features)
    return keras.Model(images, logits, name="cnn")


def block(features: keras.KerasTensor, *, filters: int, config: CnnConfig, number: int) -> keras.KerasTensor:
    """Adds convolution 3x3, ReLU and max-pooling 2x2, with batch normalisation between where asked."""
    name = f"convolution_{number}"
    pool = keras.layers.MaxPooling2D(2, name=f"pooling_{number}")
    if not config.batch_normalization:
        return pool(keras.layers.Conv2D(filters, 3, padding=config.padding, activation="relu", name=name)(features))
    features = keras.layers.Conv2D(filters, 3, padding=config.padding, use_bias=False, name=name)(features)
    features = keras.layers.BatchNormalization(name=f"normalization_{number}")(features)
    return pool(keras.layers.ReLU(name=f"relu_{number}")(features))
