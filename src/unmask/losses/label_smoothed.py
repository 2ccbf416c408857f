"""Label-smoothed cross-entropy (Szegedy 2016, "Rethinking the Inception Architecture", section 7)."""

import keras

IS_PROPER = False
SMOOTHING = 0.1  # that paper's: the targets are 0.05 and 0.95


def build() -> keras.Loss:
    """Builds binary cross-entropy on logits against smoothed labels."""
    return keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=SMOOTHING, name="label_smoothed")
