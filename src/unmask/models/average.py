"""One model out of several that were trained alike, and out of what each says of an image and of its mirror image."""

from collections.abc import Sequence

import keras

MEAN = "mean_logits"  # the layer that ends an average


def average(members: Sequence[keras.Model], *, test_time_flip: bool) -> keras.Model:
    """Averages the logits of models: an ensemble over seeds (Lakshminarayanan 2017) and over flips.

    The averaging is part of the model, so that whatever loads its file gets the same scores.

    Args:
        members: each from images (batch, size, size, 3) to logits (batch, 1).
        test_time_flip: whether each also judges the images mirrored left to right.

    Returns:
        A model of the first member's name; the member itself where there is nothing to average.
    """
    if len(members) == 1 and not test_time_flip:
        return members[0]
    images = keras.Input(members[0].input_shape[1:], name="images")
    views = [images, Mirror(name="mirror")(images)] if test_time_flip else [images]
    logits: list[keras.KerasTensor] = []
    for number, member in enumerate(members, start=1):
        renamed = keras.Model(member.input, member.output, name=f"member_{number}")
        logits.extend(renamed(view) for view in views)
    mean = keras.layers.Average(dtype="float32", name=MEAN)(logits)
    return keras.Model(images, mean, name=members[0].name)


def members_of(model: keras.Model) -> tuple[list[keras.Model], bool]:
    """Takes an average apart.

    Args:
        model: of `MODELS`, or what `average` made of such.

    Returns:
        The members, and whether each also judges the images mirrored; a model that averages nothing is its own member.
    """
    if all(layer.name != MEAN for layer in model.layers):
        return [model], False
    members = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    return members, any(isinstance(layer, Mirror) for layer in model.layers)


def find_layer(model: keras.Model, name: str) -> keras.Layer:
    """Finds a layer by its name, also inside the members of an average; of equals the first.

    Raises:
        ValueError: there is none.
    """
    for layer in model.layers:
        if layer.name == name:
            return layer
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            return find_layer(layer, name)
    raise ValueError(f"{model.name} has no layer {name!r}")


@keras.saving.register_keras_serializable("unmask")
class Mirror(keras.layers.Layer):
    """Mirrors images left to right."""

    def call(self, images: keras.KerasTensor) -> keras.KerasTensor:
        """Mirrors (batch, height, width, channels); the type is kept."""
        return keras.ops.flip(images, axis=-2)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The shape does not change."""
        return input_shape
