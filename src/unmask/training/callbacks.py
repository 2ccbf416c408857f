"""What happens around epochs: the learning rate in the logs, early stopping, a stop at a loss that is not a number."""

import math
from typing import Any

import keras

from unmask.config import RecipeConfig
from unmask.errors import TrainingError

MONITOR_MODES = {"loss": "min", "accuracy": "max", "roc_auc": "max"}


class LearningRateLog(keras.callbacks.Callback):
    """Adds `learning_rate` to each epoch's logs, for the history and whatever reads the logs after it."""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Reads the optimiser's current rate."""
        if logs is not None:
            logs["learning_rate"] = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))


class StopAtNonFiniteLoss(keras.callbacks.Callback):
    """Ends training with an error when the loss is no longer a number."""

    def on_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Looks at the running loss.

        Raises:
            TrainingError: it is infinite or not a number.
        """
        loss = (logs or {}).get("loss", 0.0)
        if not math.isfinite(loss):
            raise TrainingError(
                f"the loss became {loss} at batch {batch}: lower optimizer.learning_rate, set optimizer.clip_norm "
                "to 1.0, or use precision float32"
            )


def standard(config: RecipeConfig) -> list[keras.callbacks.Callback]:
    """Gives the callbacks of every training: the best epoch's weights are what remains at the end."""
    return [
        LearningRateLog(),
        StopAtNonFiniteLoss(),
        keras.callbacks.EarlyStopping(
            monitor=f"val_{config.monitor}",
            mode=MONITOR_MODES[config.monitor],
            patience=config.early_stopping_patience,
            restore_best_weights=True,
        ),
    ]
