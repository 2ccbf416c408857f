"""A model's two parts: up to the backbone's pooled features, and the head after them."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from unmask.config import TrainCnnConfig, TrainResnet50Config
from unmask.errors import ConfigError, TrainingError
from unmask.models import MODELS
from unmask.models.saved import first_line
from unmask.tables import choose

BACKBONE, POOLED = "backbone", "flatten"  # layers' names


def build(name: str, section: TrainCnnConfig | TrainResnet50Config, *, image_size: int) -> keras.Model:
    """Builds a model with the weights that its recipe's seed gives, whoever asks.

    Args:
        name: a key of `MODELS`.
        section: its architecture and recipe.
        image_size: the images' side in pixels.

    Raises:
        ConfigError: an unknown model, or an architecture that leaves no pixel of such images.
        WeightsError: starting weights cannot be had.
    """
    make = choose(MODELS, name, kind="model")
    keras.utils.set_random_seed(section.recipe.seed)
    with precision(section.recipe.precision):
        try:
            return make(section.architecture, image_size=image_size)
        except ValueError as error:  # Keras' own, of a layer that has nothing left to see
            raise ConfigError(
                f"train.{name}.architecture does not fit images of {image_size} pixels: fewer filters, smaller "
                f"cells or less shrinking, or a larger preprocess.image_size ({first_line(error)})"
            ) from error


@contextmanager
def precision(policy: str) -> Iterator[None]:
    """Builds layers under a dtype policy and puts the former one back."""
    former = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(former)


@contextmanager
def frozen(model: keras.Model) -> Iterator[None]:
    """Freezes the backbone; what its recipe holds stays held afterwards.

    Raises:
        TrainingError: the model has none.
    """
    backbone = backbone_of(model)
    held = [layer for layer in backbone.layers if not layer.trainable]
    backbone.trainable = False
    try:
        yield
    finally:
        backbone.trainable = True
        for layer in held:
            layer.trainable = False


def backbone_of(model: keras.Model) -> Any:
    """Finds the backbone.

    Raises:
        TrainingError: the model has none.
    """
    if BACKBONE not in {layer.name for layer in model.layers}:
        raise TrainingError(f"{model.name} has no backbone to freeze: set recipe.head_epochs to 0")
    return model.get_layer(BACKBONE)


def weights_of(model: keras.Model) -> list[keras.Variable]:
    """Lists the backbone's weights; none where the model has no backbone."""
    return [weight for layer in model.layers if layer.name == BACKBONE for weight in layer.weights]


def is_shared(section: TrainCnnConfig | TrainResnet50Config) -> bool:
    """Whether the backbone is the same with every seed: a random one is another with each."""
    return bool(getattr(section.architecture, "weights", "none") != "none")


def feature_model(model: keras.Model) -> keras.Model:
    """Gives the part from images to pooled features (batch, dim); its layers are the model's own."""
    return keras.Model(model.input, model.get_layer(POOLED).output, name="features")


def head_model(model: keras.Model) -> keras.Model:
    """Gives the part from pooled features to logits; its layers, so its weights, are the model's own.

    It is of the model's precision too: by that Keras decides whether the loss is scaled, as float16 needs.
    """
    with precision(model.dtype_policy.name):
        return keras.Model(model.get_layer(POOLED).output, model.output, name="head")


def sha256_of(model: keras.Model) -> str:
    """Names what features are made by: the backbone's weights, its sizes and precision, the layers around it.

    Raises:
        TrainingError: the model has no backbone.
    """
    backbone = backbone_of(model)
    layers = [layer.name for layer in feature_model(model).layers]
    shapes = (backbone.input_shape, backbone.output_shape)
    digest = hashlib.sha256(repr((*shapes, backbone.compute_dtype, layers)).encode())
    for weights in backbone.get_weights():
        digest.update(repr((weights.shape, str(weights.dtype))).encode())
        digest.update(weights.tobytes())
    return digest.hexdigest()
