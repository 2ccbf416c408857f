"""Fitting one model by its recipe: the head first where asked, then everything, keeping the best epoch."""

import logging
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import keras
import pandas as pd

from unmask.config import RecipeConfig, TrainCnnConfig, TrainResnet50Config
from unmask.data.input.batches import training_batches, validation_batches
from unmask.data.input.reading import steps
from unmask.data.shards import ShardIndex
from unmask.errors import TrainingError
from unmask.models import MODELS
from unmask.tables import choose
from unmask.training.callbacks import MONITOR_MODES, BestEpoch, History, LearningRateLog, StopAtNonFiniteLoss
from unmask.training.checkpoint import Checkpoint, State, put_back
from unmask.training.compilation import compile_model, precision

BACKBONE = "backbone"
HEAD, ALL = "head", "all"

logger = logging.getLogger(__name__)


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


def train(  # noqa: PLR0913 - what, by what, from what, and what looks on
    name: str,
    section: TrainCnnConfig | TrainResnet50Config,
    *,
    training: ShardIndex,
    validation: ShardIndex,
    callbacks: Sequence[keras.callbacks.Callback],
    checkpoint: Checkpoint | None = None,
    epoch_share: float = 1.0,
) -> Trained:
    """Builds and fits a model, going on from where an interrupted training of the same kind stood.

    Args:
        name: a key of `MODELS`.
        section: its architecture and recipe.
        training: what to learn from.
        validation: what early stopping and the best epoch are judged on.
        callbacks: called as Keras calls them, beside the standard ones.
        checkpoint: where the state after each epoch is kept; None keeps none.
        epoch_share: how much of the training images an epoch sees, (0, 1]; the next epoch sees others.

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
    state = checkpoint.load() if checkpoint else None
    rows = list(state.rows) if state else []
    save = checkpoint.save if checkpoint else None
    run = partial(fit_phase, model, rows=rows, data=(training, validation), extra=callbacks, save=save)
    num_steps = math.ceil(epoch_share * steps(training.records, recipe.batch_size))
    if recipe.head_epochs and (state is None or state.phase == HEAD):
        head = replace(recipe, epochs=recipe.head_epochs, optimizer=head_optimizer(recipe))
        freeze(model, is_frozen=True)
        run(Phase(HEAD, head, num_steps=num_steps, first=0, state=state))
        freeze(model, is_frozen=False)
        state = None
    first = sum(row["phase"] == HEAD for row in rows)
    run(Phase(ALL, recipe, num_steps=num_steps, first=first, state=state))
    history = pd.DataFrame(rows)
    return Trained(model=model, history=history, best_epoch=best_epoch(history, monitor=recipe.monitor))


@dataclass(frozen=True)
class Phase:
    """A part of training with an optimiser and an early stopping of its own.

    Attributes:
        name: "head" or "all".
        recipe: its own.
        num_steps: batches an epoch.
        first: the number of its first epoch.
        state: where it was interrupted, or None.
    """

    name: str
    recipe: RecipeConfig
    num_steps: int
    first: int
    state: State | None


def fit_phase(
    model: keras.Model,
    phase: Phase,
    *,
    rows: list[dict[str, Any]],
    data: tuple[ShardIndex, ShardIndex],
    extra: Sequence[keras.callbacks.Callback],
    save: Callable[[State], None] | None,
) -> None:
    """Compiles and fits for one phase, from its beginning or its state; adds a row an epoch to `rows`."""
    training, validation = data
    recipe, state = phase.recipe, phase.state
    compile_model(model, recipe, num_steps=phase.num_steps)
    first, last = phase.first, phase.first + recipe.epochs - 1
    if state is not None:
        put_back(model, state)
        first = int(rows[-1]["epoch"]) + 1
        logger.info("goes on from epoch %d of %d", first + 1, last + 1)
        if state.is_over:
            model.set_weights(state.best_weights)
            return
    best = BestEpoch(recipe, state=state)
    batches = training_batches(
        training,
        batch_size=recipe.batch_size,
        seed=recipe.seed,
        augmentation=recipe.augmentation,
        first_epoch=first,
    )
    model.fit(
        batches,
        steps_per_epoch=phase.num_steps,
        shuffle=False,  # the batches are shuffled already
        initial_epoch=first,
        epochs=last + 1,
        validation_data=validation_batches(validation, batch_size=recipe.batch_size),
        callbacks=[*watchers(phase, rows=rows, best=best, save=save), *extra],
        verbose=1 if sys.stdout.isatty() else 2,
    )


def watchers(
    phase: Phase, *, rows: list[dict[str, Any]], best: BestEpoch, save: Callable[[State], None] | None
) -> list[keras.callbacks.Callback]:
    """Makes the callbacks of every training, in their order; see `History` for the arguments."""
    last = phase.first + phase.recipe.epochs - 1
    return [
        LearningRateLog(),
        StopAtNonFiniteLoss(),
        best,
        History(rows, phase=phase.name, best=best, last_epoch=last, save=save),
    ]


def best_epoch(history: pd.DataFrame, *, monitor: str) -> int:
    """Finds the epoch whose weights remain: the best of the last phase, the first of equals."""
    values = history.loc[history["phase"] == ALL, f"validation_{monitor}"]
    is_lowest_best = MONITOR_MODES[monitor] == "min"
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
