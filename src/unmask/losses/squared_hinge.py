"""Squared hinge (Tang 2013, "Deep Learning using Linear Support Vector Machines"): a margin, not a probability."""

import keras

IS_PROPER = False


def build() -> keras.Loss:
    """Builds the squared hinge loss on logits, which it takes for margins; labels 0 and 1 become -1 and 1."""
    return keras.losses.SquaredHinge(name="squared_hinge")
