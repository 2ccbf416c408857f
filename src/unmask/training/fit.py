"""Fitting one model by its recipe: the head first where asked, then everything, keeping the best epoch."""

import logging
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import keras
import numpy as np
import pandas as pd

from unmask.config import RecipeConfig, TrainCnnConfig, TrainResnet50Config
from unmask.data.features import Features
from unmask.data.input.reading import steps
from unmask.data.input.waiting import Waiting
from unmask.data.shards import ShardIndex
from unmask.training import backbone, head_features
from unmask.training.callbacks import MONITOR_MODES, AveragedWeights, BestEpoch, History, LearningRateLog, Speed
from unmask.training.checkpoint import Checkpoint, State, put_back
from unmask.training.compilation import compile_model
from unmask.training.feeds import Feed, of_features, of_images
from unmask.training.stops import StopAtDivergence, enough_memory

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

    @property
    def first_whole_epoch(self) -> int:
        """The first epoch in which the whole model learnt: the head's phase may end before its last epoch."""
        return int(self.history.loc[self.history["phase"] == ALL, "epoch"].iloc[0])


def train(  # noqa: PLR0913 - what, by what, from what, and what looks on
    name: str,
    section: TrainCnnConfig | TrainResnet50Config,
    *,
    training: ShardIndex,
    validation: ShardIndex,
    callbacks: Sequence[keras.callbacks.Callback],
    features: Features | None = None,
    checkpoint: Checkpoint | None = None,
    epoch_share: float = 1.0,
    first_epoch: int = 0,
) -> Trained:
    """Builds and fits a model, going on from where an interrupted training of the same kind stood.

    Args:
        name: a key of `MODELS`.
        section: its architecture and recipe.
        training: what to learn from.
        validation: what early stopping and the best epoch are judged on.
        callbacks: called as Keras calls them, beside the standard ones.
        features: of the model's backbone, for the head's phase; None runs the backbone in each of its epochs.
        checkpoint: where the state after each epoch is kept; None keeps none.
        epoch_share: how much of the training images an epoch sees, (0, 1]; the next epoch sees others.
        first_epoch: the number of the first epoch.

    Returns:
        The fitted model and its history.

    Raises:
        TrainingError: the loss stopped being a number, the gradient exploded, the memory is too small for a batch, or
            the recipe does not fit the model.
        FeaturesError: the features are not those of this backbone and these images.
        ConfigError: an unknown model or loss.
        WeightsError: starting weights cannot be had.
    """
    recipe = section.recipe
    model = backbone.build(name, section, image_size=training.image_size)
    state = checkpoint.load() if checkpoint else None
    rows = list(state.rows) if state else []
    save = checkpoint.save if checkpoint else None
    run = partial(fit_phase, rows=rows, extra=callbacks, save=save)
    data = (training, validation)
    num_steps = math.ceil(epoch_share * steps(training.records, recipe.batch_size))
    if recipe.head_epochs and (state is None or state.phase == HEAD):
        head = Phase(HEAD, head_recipe(recipe), num_steps=num_steps, first=first_epoch, state=state)
        fit_head(model, head, data=data, features=features, run=run)
        state = None
    first = first_epoch + sum(row["phase"] == HEAD for row in rows)
    everything = Phase(ALL, recipe, num_steps=num_steps, first=first, state=state)
    run(model, everything, feed=of_images(recipe, *data))
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


def fit_head(
    model: keras.Model,
    phase: Phase,
    *,
    data: tuple[ShardIndex, ShardIndex],
    features: Features | None,
    run: Callable[..., None],
) -> None:
    """Fits what comes after the backbone.

    Args:
        model: the whole; its head's weights change.
        phase: the head's.
        data: what to learn from, and what to be judged on.
        features: of the backbone; None runs it, frozen, in each epoch.
        run: `fit_phase`, but for a model, a phase and its feed.

    Raises:
        TrainingError: the model has no backbone.
        FeaturesError: the features are not those of this backbone and these images.
    """
    if features is None:
        with backbone.frozen(model):
            run(model, phase, feed=of_images(phase.recipe, *data))
    else:
        head_features.check(features, model, data=data, recipe=phase.recipe)
        run(backbone.head_model(model), phase, feed=of_features(phase.recipe, features, training=data[0]))


def fit_phase(
    model: keras.Model,
    phase: Phase,
    *,
    rows: list[dict[str, Any]],
    feed: Feed,
    extra: Sequence[keras.callbacks.Callback],
    save: Callable[[State], None] | None,
) -> None:
    """Compiles and fits for one phase, from its beginning or its state; adds a row an epoch to `rows`."""
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
    waiting = Waiting()
    num_images = min(phase.num_steps * recipe.batch_size, feed.records)
    with enough_memory(batch_size=recipe.batch_size):
        model.fit(
            waiting.watch(feed.training(first_epoch=first)),
            steps_per_epoch=phase.num_steps,
            shuffle=False,  # the batches are shuffled already
            initial_epoch=first,
            epochs=last + 1,
            validation_data=feed.validation(),
            callbacks=[
                *watchers(phase, rows=rows, best=best, save=save),
                Speed(waiting, num_images=num_images),  # after the history, which must be the same from run to run
                *extra,
            ],
            verbose=1 if sys.stdout.isatty() else 2,
        )


def watchers(
    phase: Phase, *, rows: list[dict[str, Any]], best: BestEpoch, save: Callable[[State], None] | None
) -> list[keras.callbacks.Callback]:
    """Makes the callbacks of every training, in their order; see `History` for the arguments."""
    last = phase.first + phase.recipe.epochs - 1
    return [
        LearningRateLog(),
        *([AveragedWeights(goes_on=phase.state is not None)] if phase.recipe.optimizer.ema_momentum else []),
        StopAtDivergence(),
        best,
        History(rows, phase=phase.name, best=best, last_epoch=last, save=save),
    ]


def best_epoch(history: pd.DataFrame, *, monitor: str) -> int:
    """Finds the row of the best epoch in which the whole model was trained, the first of equals."""
    is_whole = history["phase"].str.startswith(ALL).to_numpy()
    values = history[f"validation_{monitor}"].to_numpy()
    if MONITOR_MODES[monitor] == "min":
        return int(np.where(is_whole, values, np.inf).argmin())
    return int(np.where(is_whole, values, -np.inf).argmax())


def head_recipe(recipe: RecipeConfig) -> RecipeConfig:
    """Gives the head's phase its own epochs, learning rate and augmentation: mirror images alone."""
    optimizer = replace(recipe.optimizer, learning_rate=recipe.head_learning_rate)
    others = {name: 0.0 for name in vars(recipe.augmentation) if name != "horizontal_flip"}
    augmentation = replace(recipe.augmentation, **others)
    return replace(recipe, epochs=recipe.head_epochs, optimizer=optimizer, augmentation=augmentation)
