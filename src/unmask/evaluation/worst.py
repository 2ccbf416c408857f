"""The images that a model is most wrong about, to look at: on validation, so that nobody learns from the test split."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from unmask.evaluation.predict import Batches, Predictions
from unmask.figures import Exhibit, gallery
from unmask.records import LABEL_NAMES

COUNT = 16
COLUMNS = 8
NAME_CHARACTERS = 20


def draw(predictions: Predictions, batches: Batches, *, threshold: float, model_name: str) -> Figure:
    """Draws the images whose scores are farthest from their labels, the worst first.

    Args:
        predictions: of the validation split.
        batches: the same split once more, for the images.
        threshold: for the title: the least score that is called fake.
        model_name: likewise.

    Returns:
        A figure of `COUNT` images at most, each with label, score and the end of its name.
    """
    chosen = farthest(predictions, count=COUNT)
    images = pick(batches, [predictions.members[index] for index in chosen])
    exhibits = [
        Exhibit(
            image=images[predictions.members[index]],
            label=int(predictions.labels[index]),
            caption=[
                f"{LABEL_NAMES[int(predictions.labels[index])]}, score {predictions.scores[index]:.3f}",
                shortened(predictions.members[index]),
            ],
        )
        for index in chosen
    ]
    return gallery(
        exhibits,
        columns=COLUMNS,
        headline=f"{model_name}: the validation images it is most wrong about",
        detail=f"what each is, and the model's P(fake); from {threshold:.3g} on it is called fake",
    )


def farthest(predictions: Predictions, *, count: int) -> list[int]:
    """Lists the positions of the scores farthest from their labels; of equals the first."""
    order = np.argsort(-np.abs(predictions.scores - predictions.labels), kind="stable")
    return [int(index) for index in order[:count]]


def pick(batches: Batches, members: Sequence[str]) -> dict[str, npt.NDArray[np.uint8]]:
    """Finds some members' images."""
    wanted = set(members)
    return {
        member: np.asarray(image, dtype=np.uint8)
        for images, _, names in batches
        for image, member in zip(images, names, strict=True)
        if member in wanted
    }


def shortened(member: str) -> str:
    """The end of a member's name."""
    return member if len(member) <= NAME_CHARACTERS else f"…{member[-NAME_CHARACTERS + 1 :]}"
