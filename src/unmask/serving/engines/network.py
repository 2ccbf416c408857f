"""A Keras network as an engine: the reference, and what the pipeline's own checks use."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from unmask.data.pictures.decoding import Pixels
from unmask.evaluation.predict import logits_of_batch
from unmask.serving.engines.engine import NO_EMBEDDING, Answer

# Every batch is filled up to this size: TensorFlow 2.21 on a CPU gives a picture alone another score than among others,
# by up to 3e-5, and compiles each new size. A larger batch would make a single picture wait.
BATCH = 8


@dataclass(frozen=True)
class Network:
    """A network in Keras' hands.

    Attributes:
        model: a `keras.Model`: pictures (batch, size, size, 3) float32 in [0, 255] in, logits (batch, 1) out.
    """

    model: Any

    def answers(self, pictures: Iterable[Pixels]) -> Iterator[Answer]:
        """See `Engine.answers`.

        Raises:
            EvaluationError: the model gave something else than one finite logit a picture.
        """
        waiting, first = iter(pictures), 0
        while part := list(islice(waiting, BATCH)):
            names = [f"picture {first + number}" for number in range(len(part))]
            for logit in logits_of_batch(self.model, np.stack(part), names, batch_size=BATCH).tolist():
                yield Answer(logit, NO_EMBEDDING)
            first += len(part)

    def for_threads(self, count: int) -> "Network":
        """See `Engine.for_threads`; Keras' backend shares the cores out by itself."""
        return self
