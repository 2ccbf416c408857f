"""A model cut in two where its maps become a vector: what sees where, and what no longer does."""

from dataclasses import dataclass

import keras

from unmask.errors import EvaluationError
from unmask.models.average import members_of

POOLING = (keras.layers.Flatten, keras.layers.GlobalAveragePooling2D)


@dataclass(frozen=True)
class Halves:
    """One network in two models that share its weights.

    Attributes:
        front: images (batch, height, width, 3) in, maps (batch, rows, columns, channels) out, for each branch its own.
        back: these maps in, logits (batch, 1) out.
    """

    front: keras.Model
    back: keras.Model


@dataclass(frozen=True)
class CutModel:
    """A model's members, and how it looks at an image.

    Attributes:
        members: one, or those whose logits are averaged.
        mirrors: for each view of an image whether it is mirrored: every member judges all views.
    """

    members: tuple[Halves, ...]
    mirrors: tuple[bool, ...]


def cut(model: keras.Model) -> CutModel:
    """Cuts every member of a model at its pooling layers.

    Nothing before the cut is differentiated, so that frozen layers and layers without gradients do no harm.

    Args:
        model: of `models.MODELS`, or an average of such; it stays as it is.

    Raises:
        EvaluationError: it has no layer that makes a vector of maps.
    """
    members, is_flipped = members_of(model)
    return CutModel(members=tuple(map(halves, members)), mirrors=(False, True) if is_flipped else (False,))


def halves(member: keras.Model) -> Halves:
    """Cuts one network; see `cut`."""
    maps = [layer.input for layer in member.layers if isinstance(layer, POOLING) and len(layer.input.shape) == 4]
    if not maps:
        raise EvaluationError(f"{member.name} cannot be explained: no layer of it makes a vector of maps")
    return Halves(front=keras.Model(member.input, maps), back=keras.Model(maps, member.output))
