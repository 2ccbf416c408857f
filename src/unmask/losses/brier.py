"""Brier's score as a loss (Brier 1950): a proper score like cross-entropy, that a single wild answer costs less."""

from typing import Any

import keras

IS_PROPER = True


@keras.saving.register_keras_serializable("unmask")
class Brier(keras.Loss):
    """Mean squared difference of P(fake) and label."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Compares.

        Args:
            y_true: labels (batch, 1), 0 or 1.
            y_pred: logits (batch, 1).

        Returns:
            (batch,), each in [0, 1].
        """
        scores = keras.ops.sigmoid(y_pred)
        return keras.ops.mean(keras.ops.square(scores - keras.ops.cast(y_true, scores.dtype)), axis=-1)


def build() -> keras.Loss:
    """Builds it."""
    return Brier(name="brier")
