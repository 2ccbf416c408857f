"""The validation pictures to look at, each beside a heatmap of why: never test pictures, so that nobody learns of them.

Two sheets: the mistakes that a model is surest of, and the pictures that it is least sure of.
"""

from collections.abc import Sequence

import keras
import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from numpy.typing import NDArray

from unmask.data.pictures.decoding import LUMINANCE
from unmask.evaluation.calibration import logits_of
from unmask.evaluation.explanation.directions import directions_of
from unmask.evaluation.explanation.gradcam import grad_cam
from unmask.evaluation.metrics import decide
from unmask.evaluation.predict import Batches, Predictions
from unmask.figures import Exhibit, gallery
from unmask.records import LABEL_NAMES

COUNT = 16  # pictures a sheet, at most
COLUMNS = 8  # four pictures and their heatmaps
NAME_CHARACTERS = 20
COLOUR_MAP = "inferno"  # its lightness rises evenly: it is read the same without some colours, or any
OPACITY = 0.6  # of the heatmap over the picture

Pictures = dict[str, NDArray[np.uint8]]


def draw(
    model: keras.Model, predictions: Predictions, batches: Batches, *, threshold: float, model_name: str
) -> dict[str, Figure]:
    """Draws both sheets; the split is read once, and only the pictures that are drawn are kept.

    Args:
        model: of `models.MODELS`, or an average of such.
        predictions: of the validation split.
        batches: the same split once more, for the images.
        threshold: the least score that is called fake.
        model_name: for the titles.

    Returns:
        "worst" and "uncertain": figures of `COUNT` pictures at most, each with label, score, the end of its name, and
        what it was called.

    Raises:
        EvaluationError: the model has no maps.
    """
    wrong = mistakes(predictions, threshold=threshold)
    chosen = {
        "worst": (wrong or nearest(predictions, threshold=threshold))[:COUNT],
        "uncertain": nearest(predictions, threshold=threshold)[:COUNT],
    }
    headlines = {
        "worst": f"{model_name}: {worst_of(len(wrong), len(predictions.members))}",
        "uncertain": f"{model_name}: the validation images it is least sure of",
    }
    members = {predictions.members[index] for indices in chosen.values() for index in indices}
    pictures = pick(batches, members)
    return {
        name: gallery(
            exhibits(model, predictions, indices, pictures=pictures, threshold=threshold),
            columns=COLUMNS,
            headline=headlines[name],
            detail=f"score: P(fake), from {threshold:.3g} on called fake; bright: what speaks for the answer",
        )
        for name, indices in chosen.items()
    }


def worst_of(num_mistakes: int, num_images: int) -> str:
    """Says what the sheet of the worst shows."""
    if not num_mistakes:
        return f"no mistake on {num_images} validation images; these came nearest"
    return f"the surest of its {num_mistakes} mistakes on {num_images} validation images"


def exhibits(
    model: keras.Model, predictions: Predictions, indices: Sequence[int], *, pictures: Pictures, threshold: float
) -> list[Exhibit]:
    """Puts each picture beside its heatmap."""
    images = np.stack([pictures[predictions.members[index]] for index in indices])
    scores, labels = predictions.scores[list(indices)], predictions.labels[list(indices)]
    heatmaps = grad_cam(model, images, directions=directions_of(scores, threshold=threshold))
    called = decide(scores, threshold)
    shown: list[Exhibit] = []
    for number, index in enumerate(indices):
        label, answer = int(labels[number]), int(called[number])
        name = shortened(predictions.members[index])
        what = [f"{LABEL_NAMES[label]}, score {scores[number]:.3f}", name]
        why = [f"called {LABEL_NAMES[answer]}", "" if heatmaps[number].any() else "nothing speaks for it"]
        shown.append(Exhibit(image=images[number], label=label, caption=what))
        shown.append(Exhibit(image=overlay(images[number], heatmaps[number]), label=answer, caption=why))
    return shown


def overlay(image: NDArray[np.uint8], heatmap: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Lays a heatmap over a picture without its colours, which would be mistaken for the heatmap's.

    Args:
        image: (height, width, 3), uint8.
        heatmap: (height, width), [0, 1].

    Returns:
        (height, width, 3), uint8.
    """
    grey = (image @ np.array(LUMINANCE))[..., None]
    colours = colormaps[COLOUR_MAP](heatmap)[..., :3] * 255
    mixed = OPACITY * colours + (1 - OPACITY) * grey
    bytes_: NDArray[np.uint8] = np.clip(mixed.round(), 0, 255).astype(np.uint8)
    return bytes_


def mistakes(predictions: Predictions, *, threshold: float) -> list[int]:
    """Lists the positions of the images that are called what they are not, the surest first; of equals the first."""
    is_wrong = decide(predictions.scores, threshold) != predictions.labels
    order = np.argsort(-sureness(predictions.scores, threshold=threshold), kind="stable")
    return [int(index) for index in order if is_wrong[index]]


def nearest(predictions: Predictions, *, threshold: float) -> list[int]:
    """Lists the positions of all images, the least sure first; of equals the first."""
    return [int(index) for index in np.argsort(sureness(predictions.scores, threshold=threshold), kind="stable")]


def sureness(scores: NDArray[np.float64], *, threshold: float) -> NDArray[np.float64]:
    """Says how far scores (images,) lie from the threshold: in logits, since a threshold may lie near 0 or 1."""
    return np.abs(logits_of(scores) - logits_of(np.array([threshold])))


def pick(batches: Batches, members: set[str]) -> Pictures:
    """Finds some members' images."""
    return {
        member: np.asarray(image, dtype=np.uint8)
        for images, _, names in batches
        for image, member in zip(images, names, strict=True)
        if member in members
    }


def shortened(member: str) -> str:
    """The end of a member's name."""
    return member if len(member) <= NAME_CHARACTERS else f"…{member[-NAME_CHARACTERS + 1 :]}"
