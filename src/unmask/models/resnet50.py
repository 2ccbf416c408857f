"""ResNet50 (He 2016) with a small head, from ImageNet's weights, a file's, or none."""

from pathlib import Path

import keras

from unmask.config import Resnet50Config
from unmask.errors import WeightsError

IMAGENET_MEAN_BGR = (103.939, 116.779, 123.68)  # what the published weights were trained with: Caffe's order and mean
WEIGHTS_URL = "https://storage.googleapis.com/tensorflow/keras-applications/resnet/"
WEIGHTS_MD5 = "4d473c1dd8becc155b73f8504c6f6626"  # as keras.applications checks it
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
    features = CaffeScaling(name="scaling")(features)
    features = start(backbone(size), weights=config.weights)(features)
    features = keras.layers.GlobalAveragePooling2D(name="average")(features)
    features = keras.layers.Flatten(name="flatten")(features)
    features = keras.layers.Dense(config.dense_units, activation="relu", name="dense")(features)
    if config.dropout:
        features = keras.layers.Dropout(config.dropout, name="dropout")(features)
    logits = keras.layers.Dense(1, dtype="float32", name="logits")(features)
    return keras.Model(images, logits, name="resnet50")


def backbone(size: int) -> keras.Model:
    """Builds ResNet50 without its classifier: (batch, size, size, 3) to (batch, size / 32, size / 32, 2048)."""
    return keras.applications.ResNet50(include_top=False, weights=None, input_shape=(size, size, 3), name="backbone")


def start(model: keras.Model, *, weights: str) -> keras.Model:
    """Loads a backbone's starting weights.

    Args:
        model: the backbone.
        weights: "none", "imagenet", or a file: Keras' weights of the backbone (`.h5`, `.weights.h5`) or a whole model
            that this pipeline trained (`.keras`), whose backbone is taken.

    Returns:
        The same model.

    Raises:
        WeightsError: see `build`.
    """
    if weights == "none":
        return model
    path = imagenet_file() if weights == "imagenet" else Path(weights)
    if not path.is_file():
        raise WeightsError(f"weights {weights!r}: no such file; allowed are imagenet, none, or a file's path")
    try:
        if path.suffix == ".keras":
            model.set_weights(keras.saving.load_model(path, compile=False).get_layer("backbone").get_weights())
        else:
            model.load_weights(path)
    except (ValueError, OSError, KeyError) as error:
        raise WeightsError(f"weights {path} do not fit ResNet50's backbone: {error}") from error
    return model


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
