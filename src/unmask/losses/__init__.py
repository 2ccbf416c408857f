"""The losses: each file exports `build() -> keras.Loss` on labels and logits of shape (batch, 1).

A loss in `PROPER` is least where the sigmoid of the logit is the probability of a fake, so that scores can be read as
such (strictly proper scoring rules: Gneiting and Raftery, JASA 2007, sections 2 and 3). The others' scores only rank:
they are calibrated on the validation split before a threshold is chosen.
"""

from unmask.losses import binary_crossentropy, brier, focal, label_smoothed, squared_hinge

LOSSES = {
    "binary_crossentropy": binary_crossentropy.build,
    "label_smoothed": label_smoothed.build,
    "focal": focal.build,
    "squared_hinge": squared_hinge.build,
    "brier": brier.build,
}
PROPER = frozenset({"binary_crossentropy", "brier"})
