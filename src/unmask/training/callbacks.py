"""What happens around epochs: learning rate, early stopping, the history, speed."""

import time
from collections.abc import Callable
from typing import Any

import keras

from unmask.config import RecipeConfig
from unmask.data.input.waiting import Waiting
from unmask.training.checkpoint import State, take

MONITOR_MODES = {"loss": "min", "accuracy": "max", "roc_auc": "max"}


class LearningRateLog(keras.callbacks.Callback):
    """Adds `learning_rate` to each epoch's logs, for the history and whatever reads the logs after it."""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Reads the optimiser's current rate."""
        if logs is not None:
            logs["learning_rate"] = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))


class AveragedWeights(keras.callbacks.SwapEMAWeights):
    """Puts the moving average of the weights into the model from each epoch's end to the next one's beginning.

    What looks on after it, early stopping, the state of training, sees the average.
    """

    def __init__(self, *, goes_on: bool) -> None:
        """Begins; `goes_on`: with a model from a state, which was taken after an epoch and so holds the average."""
        super().__init__(swap_on_epoch=True)
        self._ema_weights_in_model = goes_on


class BestEpoch(keras.callbacks.EarlyStopping):
    """Early stopping that keeps the best epoch's weights, and can go on from where another one stood."""

    def __init__(self, config: RecipeConfig, *, state: State | None) -> None:
        """Begins.

        Args:
            config: what is monitored, and the patience.
            state: of this phase, where it was interrupted.
        """
        super().__init__(
            monitor=f"val_{config.monitor}",
            mode=MONITOR_MODES[config.monitor],
            patience=config.early_stopping_patience,
            restore_best_weights=True,
        )
        self.state = state

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Goes on from the state."""
        super().on_train_begin(logs)
        if self.state is not None:
            self.best, self.best_epoch, self.wait = self.state.best, self.state.best_epoch, self.state.wait
            self.best_weights = self.state.best_weights


class History(keras.callbacks.Callback):
    """Keeps a row an epoch, `val_` written out as `validation_`, and after each hands the state of training on."""

    def __init__(
        self,
        rows: list[dict[str, Any]],
        *,
        phase: str,
        best: BestEpoch,
        last_epoch: int,
        save: Callable[[State], None] | None,
    ) -> None:
        """Begins.

        Args:
            rows: the earlier epochs'; grows.
            phase: what this one is called.
            best: the early stopping, which looks at an epoch before this callback does.
            last_epoch: of this phase, where nothing stops it.
            save: takes the state; None where nothing is kept.
        """
        super().__init__()
        self.rows, self.phase, self.best, self.last_epoch, self.save = rows, phase, best, last_epoch, save

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Adds the row, hands the state on."""
        named = {name.replace("val_", "validation_", 1): float(value) for name, value in (logs or {}).items()}
        self.rows.append({"epoch": epoch, "phase": self.phase, **named})
        if self.save is None:
            return
        variables, optimizer = take(self.model)
        self.save(
            State(
                phase=self.phase,
                is_over=bool(self.model.stop_training) or epoch == self.last_epoch,
                rows=self.rows,
                best=float(self.best.best),
                best_epoch=self.best.best_epoch,
                wait=self.best.wait,
                variables=variables,
                optimizer=optimizer,
                best_weights=self.best.best_weights,
            )
        )


class Speed(keras.callbacks.Callback):
    """Adds `images_per_second` and `input_wait_share` to each epoch's logs, validation left out.

    For those who read the logs after the history has: no two trainings are equally fast, and their files are equal. The
    first epoch's time holds the compilation of a step.
    """

    def __init__(self, waiting: Waiting, *, num_images: int) -> None:
        """Begins.

        Args:
            waiting: measures the batches that `fit` is given.
            num_images: of an epoch.
        """
        super().__init__()
        self.waiting, self.num_images = waiting, num_images
        self.began = self.ended = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Starts the clocks."""
        self.waiting.take()
        self.began = self.ended = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Holds the time: validation follows the last batch. The step is over, because `logs` hold its loss."""
        self.ended = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Reads the clocks."""
        seconds = self.ended - self.began
        if logs is not None and seconds > 0:
            logs["images_per_second"] = self.num_images / seconds
            logs["input_wait_share"] = min(1.0, self.waiting.take() / seconds)
