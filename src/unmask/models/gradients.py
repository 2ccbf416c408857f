"""Where in an image edges lie, and how they run, at full resolution: what shrinking an image to fit a network loses.

Histograms of oriented gradients (Dalal and Triggs, "Histograms of Oriented Gradients for Human Detection", CVPR 2005,
sections 6.2 to 6.4), one a cell, in a fixed layer: nothing of it is trained, so that few images go further.
"""

import math

import keras

LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601
FAINT = 0.064  # mean gradient of a cell, in grey levels, below which its histogram fades to nothing
MEAN, SPREAD = 0.29, 0.16  # of the histograms of face photographs, which are brought to 0 and 1


def edges_of(images: keras.KerasTensor, *, cell: int, bins: int) -> keras.KerasTensor:
    """Adds the layer to a model, in float32 whatever the model's precision; see `OrientedGradients`."""
    return OrientedGradients(cell=cell, bins=bins, dtype="float32", name="oriented_gradients")(images)


@keras.saving.register_keras_serializable("unmask")
class OrientedGradients(keras.layers.Layer):
    """From images in [0, 255] to a histogram of edge directions for each cell, of mean 0 and spread 1 or so."""

    def __init__(self, *, cell: int, bins: int, **kwargs: object) -> None:
        """Begins.

        Args:
            cell: a cell's side in pixels.
            bins: directions between 0 and 180 degrees that are told apart.
            **kwargs: Keras' own.
        """
        super().__init__(**kwargs)
        self.cell, self.bins = cell, bins

    def call(self, images: keras.KerasTensor) -> keras.KerasTensor:
        """Counts (batch, height, width, 3) to (batch, height / cell, width / cell, bins), float32."""
        ops = keras.ops
        grey = ops.sum(ops.cast(images, "float32") * ops.array(LUMA), axis=-1)
        grey = ops.pad(grey, [[0, 0], [1, 1], [1, 1]], mode="symmetric")
        down, across = grey[:, 2:, 1:-1] - grey[:, :-2, 1:-1], grey[:, 1:-1, 2:] - grey[:, 1:-1, :-2]
        strength = ops.sqrt(down * down + across * across + 1e-6)
        place = ops.mod(ops.arctan2(down, across), math.pi) * (self.bins / math.pi)
        # Bin after bin: all at once would fill the memory with a copy of the image for each.
        counts = [self.count(place, strength, middle=number + 0.5) for number in range(self.bins)]
        counted = ops.concatenate(counts, axis=-1)
        whole = ops.sum(counted, axis=-1, keepdims=True) + FAINT
        return (ops.sqrt(counted / whole) - MEAN) / SPREAD

    def count(self, place: keras.KerasTensor, strength: keras.KerasTensor, *, middle: float) -> keras.KerasTensor:
        """Averages over each cell what falls into one bin: an edge is shared between the two bins next to it."""
        ops = keras.ops
        distance = ops.abs(place - middle)
        share = ops.relu(1.0 - ops.minimum(distance, self.bins - distance))
        return ops.average_pool((share * strength)[..., None], self.cell, strides=self.cell, padding="valid")

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Gives (batch, height / cell, width / cell, bins)."""
        batch, height, width, _ = input_shape
        return (batch, height and height // self.cell, width and width // self.cell, self.bins)

    def get_config(self) -> dict[str, object]:
        """Adds cell and bins to Keras' own."""
        return {**super().get_config(), "cell": self.cell, "bins": self.bins}
