"""The section that says what a detector takes with it: export."""

from pydantic.dataclasses import dataclass

from unmask.config.values import STRICT, Count, CountOrNone


@dataclass(frozen=True, config=STRICT)
class ExportConfig:
    """What a bundle is measured on, and what it looks for.

    `reference_images` of the training and of the validation split, at most, say what is usual. With `find_faces` a
    detector looks for faces in new pictures, where its training pictures show one face each. `int8_images` of the
    training split fit the network in 8 bits; none, and there is no such network.
    """

    reference_images: Count
    find_faces: bool
    int8_images: CountOrNone
