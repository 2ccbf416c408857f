"""A training that dies in the middle of an epoch, for tests of what goes on after it."""

import keras


class Killed(Exception):  # noqa: N818 (stands for a signal)
    pass


class KillAt(keras.callbacks.Callback):
    """Ends training in the middle of an epoch."""

    def __init__(self, epoch: int) -> None:
        super().__init__()
        self.epoch, self.is_in_epoch = epoch, False

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        self.is_in_epoch = epoch == self.epoch

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        if self.is_in_epoch and batch == 1:
            raise Killed
