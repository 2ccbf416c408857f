"""The losses: each file exports `build() -> keras.Loss` on labels and logits of shape (batch, 1)."""

from unmask.losses import binary_crossentropy, focal

LOSSES = {"binary_crossentropy": binary_crossentropy.build, "focal": focal.build}
