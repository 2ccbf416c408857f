"""What lies between neighbouring pixels: the input in which traces of a decoder are largest beside the face.

A fixed high-pass filter whose output is truncated, as steganalysis makes its residuals (Fridrich and Kodovsky, "Rich
Models for Steganalysis of Digital Images", IEEE TIFS 2012, section II: a predictor's error, truncated at T).
"""

import keras
import numpy as np

# The centre against the mean of its four neighbours.
LAPLACIAN = np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]], dtype="float32") / 4
TRUNCATION = 16.0  # grey levels: beyond lie edges, which are the face's own


@keras.saving.register_keras_serializable("unmask")
class Residuals(keras.layers.Layer):
    """From images in [0, 255] to each channel's residual, truncated and divided to lie in [-1, 1]."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the filter, one a channel; it is no weight."""
        channels = input_shape[-1]
        self.filter = np.repeat(LAPLACIAN[:, :, None, None], int(channels or 3), axis=2)

    def call(self, images: keras.KerasTensor) -> keras.KerasTensor:
        """Filters images (batch, height, width, channels); shape and type are kept."""
        kernel = keras.ops.cast(keras.ops.array(self.filter), images.dtype)
        residuals = keras.ops.depthwise_conv(images, kernel, strides=1, padding="same")
        return keras.ops.clip(residuals, -TRUNCATION, TRUNCATION) / TRUNCATION

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The shape does not change."""
        return input_shape
