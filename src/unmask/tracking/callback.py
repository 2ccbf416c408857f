"""Live curves: hands each epoch's numbers on while training runs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras

from unmask.tracking.contents import Point

KERAS_PREFIX = "val_"
PREFIX = "validation_"


class LiveCurves(keras.callbacks.Callback):
    """Gives every epoch's logs, under the names of `history.csv`, to a function that returns at once."""

    def __init__(self, log: Callable[[Sequence[Point]], None]) -> None:
        """Args: log: takes one epoch's values."""
        super().__init__()
        self.log = log

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Keras's hook; `epoch` counts from 0."""
        self.log([Point(curve_name(name), float(value), epoch) for name, value in (logs or {}).items()])


def curve_name(name: str) -> str:
    """Spells out Keras's `val_`."""
    return f"{PREFIX}{name.removeprefix(KERAS_PREFIX)}" if name.startswith(KERAS_PREFIX) else name
