"""Binary cross-entropy: the paper's loss, and the one whose scores are probabilities."""

import keras

IS_PROPER = True


def build() -> keras.Loss:
    """Builds binary cross-entropy on logits."""
    return keras.losses.BinaryCrossentropy(from_logits=True, name="binary_crossentropy")
