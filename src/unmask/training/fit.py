"""Fitting one model by its recipe: the head first where asked, then everything, keeping the best epoch."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import keras
import pandas as pd

from unmask.config import RecipeConfig, TrainCnnConfig, TrainResnet50Config
from unmask.data.input.batches import training_batches, validation_batches
from unmask.data.input.reading import steps
from unmask.data.shards import ShardIndex
from unmask.errors import TrainingError
from unmask.losses import LOSSES
from unmask.models import MODELS
from unmask.tables import choose
from unmask.training import callbacks as standard_callbacks
from unmask.training import optimizers

BACKBONE = "backbone"
HEAD, ALL = "head", "all"


@dataclass(frozen=True)
class Trained:
    """What training leaves.

    Attributes:
        model: with the best epoch's weights.
        history: one row an epoch: epoch, phase, loss, accuracy, roc_auc, the same of validation (`validation_`),
            learning_rate.
        best_epoch: the row, from 0, whose weights the model has.
    """

    model: keras.Model
    history: pd.DataFrame
    best_epoch: int


def train(
    name: str,
    section: TrainCnnConfig | TrainResnet50Config,
    *,
    training: ShardIndex,
    validation: ShardIndex,
    callbacks: Sequence[keras.callbacks.Callback],
) -> Trained:
    """Builds and fits a model.

    Args:
        name: a key of `MODELS`.
        section: its architecture and recipe.
        training: what to learn from.
        validation: what early stopping and the best epoch are judged on.
        callbacks: called as Keras calls them, beside the standard ones.

    Returns:
        The fitted model and its history.

    Raises:
        TrainingError: the loss stopped being a number, or the recipe does not fit the model.
        ConfigError: an unknown model or loss.
        WeightsError: starting weights cannot be had.
    """
    recipe = section.recipe
    keras.utils.set_random_seed(recipe.seed)
    with precision(recipe.precision):
        build = choose(MODELS, name, kind="model")
        model = build(section.architecture, image_size=training.image_size)
    phases = []
    if recipe.head_epochs:
        head = replace(recipe, epochs=recipe.head_epochs, optimizer=head_optimizer(recipe))
        freeze(model, is_frozen=True)
        phases.append(fit_phase(model, head, phase=HEAD, data=(training, validation), first=0, extra=callbacks))
        freeze(model, is_frozen=False)
    first = sum(len(phase) for phase in phases)
    phases.append(fit_phase(model, recipe, phase=ALL, data=(training, validation), first=first, extra=callbacks))
    history = pd.concat(phases, ignore_index=True)
    return Trained(model=model, history=history, best_epoch=best_epoch(history, monitor=recipe.monitor))


def fit_phase(
    model: keras.Model,
    recipe: RecipeConfig,
    *,
    phase: str,
    data: tuple[ShardIndex, ShardIndex],
    first: int,
    extra: Sequence[keras.callbacks.Callback],
) -> pd.DataFrame:
    """Compiles and fits for one phase, epochs counted from `first`.

    Returns:
        The phase's history.
    """
    training, validation = data
    num_steps = steps(training.records, recipe.batch_size)
    model.compile(
        optimizer=optimizers.build(recipe.optimizer, total_steps=recipe.epochs * num_steps),
        loss=choose(LOSSES, recipe.loss, kind="loss")(),
        metrics=[
            keras.metrics.BinaryAccuracy(threshold=0.0, name="accuracy"),  # logits: 0 is P(fake) = 0.5
            keras.metrics.AUC(from_logits=True, name="roc_auc"),
        ],
    )
    batches = training_batches(
        training,
        batch_size=recipe.batch_size,
        seed=recipe.seed,
        augmentation=recipe.augmentation,
        first_epoch=first,
    )
    fitted = model.fit(
        batches,
        steps_per_epoch=num_steps,
        shuffle=False,  # the batches are shuffled already
        initial_epoch=first,
        epochs=first + recipe.epochs,
        validation_data=validation_batches(validation, batch_size=recipe.batch_size),
        callbacks=[*standard_callbacks.standard(recipe), *extra],
        verbose=1 if sys.stdout.isatty() else 2,
    )
    return tidy(fitted, phase=phase)


def tidy(fitted: keras.callbacks.History, *, phase: str) -> pd.DataFrame:
    """Turns Keras' history into a table, `val_` written out as `validation_`."""
    table = pd.DataFrame(fitted.history).rename(columns=lambda name: name.replace("val_", "validation_", 1))
    table.insert(0, "epoch", fitted.epoch)
    table.insert(1, "phase", phase)
    return table


def best_epoch(history: pd.DataFrame, *, monitor: str) -> int:
    """Finds the epoch whose weights remain: the best of the last phase, the first of equals."""
    values = history.loc[history["phase"] == ALL, f"validation_{monitor}"]
    is_lowest_best = standard_callbacks.MONITOR_MODES[monitor] == "min"
    position = values.to_numpy().argmin() if is_lowest_best else values.to_numpy().argmax()
    return len(history) - len(values) + int(position)


def head_optimizer(recipe: RecipeConfig) -> Any:
    """Gives the head's phase its own learning rate."""
    return replace(recipe.optimizer, learning_rate=recipe.head_learning_rate)


def freeze(model: keras.Model, *, is_frozen: bool) -> None:
    """Freezes or thaws the backbone.

    Raises:
        TrainingError: the model has none.
    """
    if BACKBONE not in {layer.name for layer in model.layers}:
        raise TrainingError(f"{model.name} has no backbone to freeze: set recipe.head_epochs to 0")
    model.get_layer(BACKBONE).trainable = not is_frozen


@contextmanager
def precision(policy: str) -> Iterator[None]:
    """Builds layers under a dtype policy and puts the former one back."""
    former = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(former)
