"""What ends a training that cannot go on, each with a message that says what to change."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from unmask.data.input.memory import OUT_OF_MEMORY
from unmask.errors import TrainingError

# A batch's loss this many times that of the first batch, or of 1, is an explosion. A batch that is wholly and surely
# wrong (P = 1e-30) costs 69 in cross-entropy: no recipe that learns comes near 1,000 (docs/training.md).
EXPLOSION = 1000.0


class StopAtDivergence(keras.callbacks.Callback):
    """Ends training with an error when the loss is no longer a number, or the gradient has exploded.

    An exploded gradient shows one step later: it throws the weights so far that the next batch's loss is orders of
    magnitude above all before, though still a number. Looking at the loss costs nothing; the gradient's own norm would
    cost a pass over all weights a step.
    """

    def __init__(self) -> None:
        """Knows no loss yet."""
        super().__init__()
        self.first: float | None = None
        self.total = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Begins the epoch's sum, as Keras begins its mean."""
        self.total = 0.0

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Looks at the loss of one batch, which Keras gives as the mean of the epoch so far.

        Raises:
            TrainingError: it is infinite, not a number, or has exploded.
        """
        mean = float((logs or {}).get("loss", 0.0))
        if not math.isfinite(mean):
            raise TrainingError(
                f"the loss became {mean} at batch {batch}: lower optimizer.learning_rate, set optimizer.clip_norm "
                "to 1.0, or use precision float32"
            )
        before, self.total = self.total, mean * (batch + 1)
        loss = self.total - before
        if self.first is None:
            self.first = loss
        if loss > EXPLOSION * max(1.0, self.first):
            raise TrainingError(
                f"the gradient exploded: the loss rose from {self.first:.3g} to {loss:.3g} at batch {batch}: set "
                "optimizer.clip_norm to 1.0, or lower optimizer.learning_rate"
            )

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Looks at what no batch's loss shows: the weights after the last step.

        Raises:
            TrainingError: one of them is infinite or not a number.
        """
        broken = next((weight.path for weight in self.model.weights if not is_finite(weight)), None)
        if broken is not None:
            raise TrainingError(
                f"the gradient exploded: after epoch {epoch + 1} the weights {broken} are no longer numbers: set "
                "optimizer.clip_norm to 1.0, or lower optimizer.learning_rate"
            )


def is_finite(weight: Any) -> bool:
    """Whether all of a weight are numbers."""
    array = keras.ops.convert_to_numpy(weight)
    return not np.issubdtype(array.dtype, np.floating) or bool(np.isfinite(array).all())


@contextmanager
def enough_memory(*, batch_size: int) -> Iterator[None]:
    """Says what to change where a block runs out of memory.

    The kernel may end the process instead, which nobody can catch: it does so where it has promised more memory than
    there is.

    Args:
        batch_size: of the recipe.

    Raises:
        TrainingError: instead of the framework's error.
    """
    try:
        yield
    except OUT_OF_MEMORY as error:
        raise TrainingError(
            f"out of memory with batches of {batch_size} images: lower recipe.batch_size or preprocess.image_size"
        ) from error
