"""Scores of many images from one model, batch by batch: only the scores are kept, never the images."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from unmask.errors import EvaluationError
from unmask.records import PREDICTION_COLUMNS

Batch = tuple[NDArray[np.uint8] | NDArray[np.float32], NDArray[np.int64], list[str]]
Batches = Iterator[Batch]


class Model(Protocol):
    """What is asked of a model here; every `keras.Model` has it."""

    def predict_on_batch(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Gives logits, (batch, 1), float32, for images, (batch, height, width, 3), float32, [0, 255]."""
        ...


@dataclass(frozen=True)
class Predictions:
    """A model's scores on a split, sorted by member, so that they do not depend on the order of reading.

    Attributes:
        members: the images' names in the archive.
        labels: (images,), int64, 0 or 1.
        scores: (images,), float64, P(fake), [0, 1].
    """

    members: list[str]
    labels: NDArray[np.int64]
    scores: NDArray[np.float64]

    def table(self, clusters: Mapping[str, str]) -> pd.DataFrame:
        """Gives one row an image, with the columns of `PREDICTION_COLUMNS`.

        Args:
            clusters: member to the name of what it belongs to; one that is not named stands by itself.
        """
        columns = (self.members, self.labels, self.scores, [clusters.get(member, member) for member in self.members])
        return pd.DataFrame(dict(zip(PREDICTION_COLUMNS, columns, strict=True)))


def predict(model: Model, batches: Batches) -> Predictions:
    """Scores every image of an iterator.

    Args:
        model: images of the uint8 range in, logits (batch, 1) out.
        batches: images (batch, height, width, 3), uint8 or float32, [0, 255]; labels (batch,), 0 or 1; members.

    Returns:
        Member, label and score of every image, sorted by member.

    Raises:
        EvaluationError: there is no image, or the model gave something else than one finite logit an image.
    """
    members: list[str] = []
    labels: list[NDArray[np.int64]] = []
    scores: list[NDArray[np.float64]] = []
    batch_size = 0
    for images, batch_labels, batch_members in batches:
        batch_size = max(batch_size, len(images))
        scores.append(score_batch(model, images, batch_members, batch_size=batch_size))
        labels.append(np.asarray(batch_labels, dtype=np.int64))
        members.extend(batch_members)
    if not members:
        raise EvaluationError("there are no images to judge")
    order = np.argsort(np.array(members), kind="stable")
    return Predictions(
        members=[members[index] for index in order],
        labels=np.concatenate(labels)[order],
        scores=np.concatenate(scores)[order],
    )


def score_batch(
    model: Model, images: NDArray[np.uint8] | NDArray[np.float32], members: list[str], *, batch_size: int
) -> NDArray[np.float64]:
    """Scores one batch: the sigmoid of `logits_of_batch`, (batch,), float64, P(fake), [0, 1].

    In float64: near 1 a float32 has too few digits left for a ranking.

    Raises:
        EvaluationError: see `logits_of_batch`.
    """
    scores: NDArray[np.float64] = expit(logits_of_batch(model, images, members, batch_size=batch_size))
    return scores


def logits_of_batch(
    model: Model, images: NDArray[np.uint8] | NDArray[np.float32], members: list[str], *, batch_size: int
) -> NDArray[np.float64]:
    """Judges one batch.

    Args:
        model: images of the uint8 range in, logits (batch, 1) out.
        images: (batch, height, width, 3), uint8 or float32, [0, 255].
        members: the images' names, for errors.
        batch_size: a smaller batch is filled up to this size with black images, as a new size would be compiled anew.

    Returns:
        (batch,), float64.

    Raises:
        EvaluationError: the model gave something else than one finite logit an image.
    """
    filled = np.zeros((batch_size, *images.shape[1:]), dtype=np.float32)
    filled[: len(images)] = images
    logits = np.asarray(model.predict_on_batch(filled))
    if logits.shape != (batch_size, 1):
        raise EvaluationError(
            f"the model gave an array of shape {logits.shape} for {batch_size} images; expected ({batch_size}, 1)"
        )
    logits = logits[: len(images), 0]
    if not np.isfinite(logits).all():
        member = members[int(np.argmin(np.isfinite(logits)))]
        raise EvaluationError(f"the model's answer for {member} is not a finite number: its training has diverged")
    return logits.astype(np.float64)
