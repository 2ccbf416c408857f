"""A model's two parts: up to the backbone's pooled features, and the head after them."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from unmask.config import TrainCnnConfig, TrainResnet50Config
from unmask.errors import TrainingError
from unmask.models import MODELS
from unmask.tables import choose

BACKBONE, POOLED = "backbone", "average"  # layers' names


def build(name: str, section: TrainCnnConfig | TrainResnet50Config, *, image_size: int) -> keras.Model:
    """Builds a model with the weights that its recipe's seed gives, whoever asks.

    Args:
        name: a key of `MODELS`.
        section: its architecture and recipe.
        image_size: the images' side in pixels.

    Raises:
        ConfigError: an unknown model.
        WeightsError: starting weights cannot be had.
    """
    keras.utils.set_random_seed(section.recipe.seed)
    with precision(section.recipe.precision):
        return choose(MODELS, name, kind="model")(section.architecture, image_size=image_size)


@contextmanager
def precision(policy: str) -> Iterator[None]:
    """Builds layers under a dtype policy and puts the former one back."""
    former = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(former)


def freeze(model: keras.Model, *, is_frozen: bool) -> None:
    """Freezes or thaws the backbone.

    Raises:
        TrainingError: the model has none.
    """
    backbone_of(model).trainable = not is_frozen


def backbone_of(model: keras.Model) -> Any:
    """Finds the backbone.

    Raises:
        TrainingError: the model has none.
    """
    if BACKBONE not in {layer.name for layer in model.layers}:
        raise TrainingError(f"{model.name} has no backbone to freeze: set recipe.head_epochs to 0")
    return model.get_layer(BACKBONE)


def feature_model(model: keras.Model) -> keras.Model:
    """Gives the part from images to pooled features (batch, dim); its layers are the model's own."""
    return keras.Model(model.input, model.get_layer(POOLED).output, name="features")


def head_model(model: keras.Model) -> keras.Model:
    """Gives the part from pooled features to logits; its layers, so its weights, are the model's own."""
    return keras.Model(model.get_layer(POOLED).output, model.output, name="head")


def sha256_of(model: keras.Model) -> str:
    """Names what features are made by: the backbone's weights, the size it sees, its precision.

    Raises:
        TrainingError: the model has no backbone.
    """
    backbone = backbone_of(model)
    digest = hashlib.sha256(repr((backbone.input_shape, backbone.compute_dtype)).encode())
    for weights in backbone.get_weights():
        digest.update(repr((weights.shape, str(weights.dtype))).encode())
        digest.update(weights.tobytes())
    return digest.hexdigest()
