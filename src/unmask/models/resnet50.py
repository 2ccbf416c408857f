"""ResNet50 (He 2016) with a small head, from ImageNet's weights, a file's, or none."""

from pathlib import Path

import keras

from unmask.config import Resnet50Config
from unmask.errors import WeightsError
from unmask.models.average import find_layer
from unmask.models.gradients import edges_of
from unmask.models.normalization import BatchNormalization
from unmask.models.saved import UNLOADABLE

IMAGENET_MEAN_BGR = (103.939, 116.779, 123.68)  # what the published weights were trained with: Caffe's order and mean
WEIGHTS_URL = "https://storage.googleapis.com/tensorflow/keras-applications/resnet/"
WEIGHTS_MD5 = "4d473c1dd8becc155b73f8504c6f6626"  # as keras.applications checks it
STAGES = ("conv1", "conv2", "conv3", "conv4", "conv5")  # as keras.applications' layers' names begin
EARLY_POOLING = "pool1_pool"
WEIGHTS_FILE = "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5"


def build(config: Resnet50Config, *, image_size: int) -> keras.Model:
    """Builds ResNet50 with global average pooling and two dense layers.

    Args:
        config: starting weights, input size and head.
        image_size: the images' side in pixels.

    Returns:
        A model from images (batch, image_size, image_size, 3) float32 in [0, 255] to logits (batch, 1) float32.

    Raises:
        WeightsError: the starting weights cannot be had, or do not fit.
    """
    images = keras.Input((image_size, image_size, 3), name="images")
    size = config.input_size or image_size
    features = images
    if size != image_size:
        features = keras.layers.Resizing(size, size, antialias=True, dtype="float32", name="resize")(features)
    features = first_input(features, config=config)
    body = backbone(features.shape[1:], config=config)
    kept = until(body, stage=config.last_stage)
    start(body, kept=kept, weights=config.weights)
    hold(kept, config=config)
    features = kept(features)
    if config.pooling == "average":
        features = keras.layers.GlobalAveragePooling2D(name="average")(features)
    features = keras.layers.Flatten(name="flatten")(features)
    if config.dropout_before:
        features = keras.layers.Dropout(config.dropout_before, name="dropout_before")(features)
    features = keras.layers.Dense(config.dense_units, activation="relu", name="dense")(features)
    if config.dropout:
        features = keras.layers.Dropout(config.dropout, name="dropout")(features)
    logits = keras.layers.Dense(1, dtype="float32", name="logits")(features)
    return keras.Model(images, logits, name="resnet50")


def first_input(images: keras.KerasTensor, *, config: Resnet50Config) -> keras.KerasTensor:
    """Prepares what the backbone sees: the pixels, or the edges of their cells."""
    if config.gradient_cell:
        return edges_of(images, cell=config.gradient_cell, bins=config.gradient_bins)
    return CaffeScaling(name="scaling")(images)


def backbone(shape: tuple[int, int, int], *, config: Resnet50Config | None = None) -> keras.Model:
    """Builds ResNet50 without its classifier.

    Without the pooling before its first blocks, traces a pixel or two wide go further, at four times the cost; the
    weights are the same ones.

    Args:
        shape: of its input: height, width, channels.
        config: how it differs from the published one; None: not at all.

    Returns:
        A model from (batch, height, width, channels) to (batch, height / 32, width / 32, 2048), or / 16.
    """
    if config is None:
        return keras.applications.ResNet50(include_top=False, weights=None, input_shape=shape, name="backbone")
    # Of no size: Keras refuses one below 32 pixels, where the edges of cells may lie and all stages still work.
    model = keras.applications.ResNet50(include_top=False, weights=None, name="backbone")

    def clone(layer: keras.Layer) -> keras.Layer:
        changes: dict[str, object] = {}
        if layer.name == EARLY_POOLING and not config.early_pooling:
            changes["strides"] = (1, 1)
        if isinstance(layer, keras.layers.BatchNormalization):
            return BatchNormalization.from_config({**layer.get_config(), "momentum": config.batch_momentum})
        return type(layer).from_config({**layer.get_config(), **changes})

    own_input = keras.Input(shape, name="features")
    return keras.models.clone_model(model, input_tensors=own_input, clone_function=clone)


def until(model: keras.Model, *, stage: int) -> keras.Model:
    """Cuts a backbone off after a stage, as Chai et al. 2020 do: deep stages lose small traces, and where they are.

    Args:
        model: the whole backbone.
        stage: the last one kept: 1 to 5.

    Returns:
        The part from the input on, whose weights are the model's own.
    """
    if stage == len(STAGES):
        return model
    last = [layer for layer in model.layers if layer.name.startswith(STAGES[stage - 1])][-1]
    return keras.Model(model.input, last.output, name=model.name)


def hold(model: keras.Model, *, config: Resnet50Config) -> None:
    """Holds parts of a backbone as they started: its first stages, and every layer's statistics of batches."""
    frozen = STAGES[: config.frozen_stages]
    for layer in model.layers:
        is_statistics = isinstance(layer, keras.layers.BatchNormalization)
        if layer.name.startswith(frozen) or (is_statistics and config.batch_statistics == "frozen"):
            layer.trainable = False


def start(model: keras.Model, *, kept: keras.Model, weights: str) -> None:
    """Loads a backbone's starting weights.

    Args:
        model: the whole backbone, as files of weights describe it.
        kept: the part of it that is used; a model that this pipeline trained may lack the rest.
        weights: "none", "imagenet", or a file: Keras' weights of the backbone (`.h5`, `.weights.h5`) or a whole model
            that this pipeline trained (`.keras`), whose backbone is taken.

    Raises:
        WeightsError: see `build`.
    """
    if weights == "none":
        return
    path = imagenet_file() if weights == "imagenet" else Path(weights)
    if not path.is_file():
        raise WeightsError(f"weights {weights!r}: no such file; allowed are imagenet, none, or a file's path")
    try:
        if path.suffix == ".keras":
            source = find_layer(keras.saving.load_model(path, compile=False), "backbone")
            for layer in (layer for layer in kept.layers if layer.weights):
                layer.set_weights(source.get_layer(layer.name).get_weights())
        else:
            model.load_weights(path)
    except UNLOADABLE as error:
        raise WeightsError(f"weights {path} do not fit ResNet50's backbone: {error}") from error


def imagenet_file() -> Path:
    """Finds Keras' ImageNet weights in its cache, or fetches them; their hash is checked.

    Raises:
        WeightsError: they are not in the cache and cannot be fetched, or are damaged.
    """
    try:
        return Path(
            keras.utils.get_file(WEIGHTS_FILE, WEIGHTS_URL + WEIGHTS_FILE, cache_subdir="models", file_hash=WEIGHTS_MD5)
        )
    except Exception as error:  # get_file raises a bare Exception when the download fails
        raise WeightsError(
            f"ImageNet weights could not be fetched: {error}. On a machine with a network fetch {WEIGHTS_URL}"
            f"{WEIGHTS_FILE}, put it at ~/.keras/models/{WEIGHTS_FILE}, and run again; or set "
            "train.resnet50.architecture.weights to none or to a file of weights"
        ) from error


@keras.saving.register_keras_serializable("unmask")
class CaffeScaling(keras.layers.Layer):
    """From RGB in [0, 255] to BGR with ImageNet's mean taken away, as ResNet50's published weights expect."""

    def call(self, images: keras.KerasTensor) -> keras.KerasTensor:
        """Scales images (batch, height, width, 3); the type is kept."""
        mean = keras.ops.cast(keras.ops.array(IMAGENET_MEAN_BGR), images.dtype)
        return keras.ops.flip(images, axis=-1) - mean

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The shape does not change."""
        return input_shape
