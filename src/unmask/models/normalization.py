"""Batch normalisation (Ioffe and Szegedy 2015) that trains as one operation, where the backend has it."""

from typing import Any

import keras

FUSED_RANK = 4  # of (batch, height, width, channels), which TensorFlow's operation takes


@keras.saving.register_keras_serializable("unmask")
class BatchNormalization(keras.layers.BatchNormalization):
    """Keras' layer, its weights and its numbers to rounding; trains faster on TensorFlow.

    Keras 3 composes it of many operations, and in bfloat16 carries every activation to float32 and back: a sixth of
    ResNet50's training step on a CPU in float32, over a third in bfloat16 (keras-team/keras-core, issue 225). Judging,
    other backends and other shapes gain nothing and are Keras' own. The class has Keras' name because files of weights
    are laid out by the names of classes.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalises activations (batch, height, width, channels); their type is kept."""
        learns = bool(training and self.trainable)
        if learns and mask is None and len(inputs.shape) == FUSED_RANK and keras.backend.backend() == "tensorflow":
            return self.normalize_batch(inputs)
        return super().call(inputs, training=training, mask=mask)

    def normalize_batch(self, inputs: Any) -> Any:
        """Normalises by the batch's own mean and variance, which the moving ones follow; both are float32."""
        import tensorflow as tf  # the only layer that names it

        outputs, mean, unbiased, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=tf.cast(self.gamma, tf.float32),
            offset=tf.cast(self.beta, tf.float32),
            mean=tf.constant([], tf.float32),
            variance=tf.constant([], tf.float32),
            epsilon=self.epsilon,
            is_training=True,
        )
        count = tf.cast(tf.size(inputs) // inputs.shape[-1], tf.float32)
        variance = unbiased * tf.maximum(count - 1.0, 1.0) / count  # the operation's is the sample's, Keras' is not
        for moving, current in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + current * (1.0 - self.momentum))
        return outputs
