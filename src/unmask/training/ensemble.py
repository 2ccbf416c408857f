"""Training a recipe's members, each from a seed of its own, and averaging what they say."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import keras
import pandas as pd

from unmask.config import TrainingSection
from unmask.models.average import average
from unmask.training import backbone, fit
from unmask.training.checkpoint import Checkpoint
from unmask.training.fit import Trained


def train(
    name: str,
    section: TrainingSection,
    *,
    callbacks: Sequence[keras.callbacks.Callback],
    checkpoint: Checkpoint | None = None,
    **data: Any,
) -> Trained:
    """Trains every member of a recipe, one after the other, and makes one model of them.

    An interrupted training goes on in the member and the epoch where it stood.

    Args:
        name: a key of `MODELS`.
        section: its architecture and recipe: `members` from `seed` on, each with its own best epoch.
        callbacks: see `fit.train`; epochs are numbered on from member to member.
        checkpoint: see `fit.train`; each member keeps a state of its own there.
        **data: the rest of what `fit.train` takes: what to learn from, and what to be judged on.

    Returns:
        The averaged model; the history of all members, whose phases are named "all", "all of member 2" and so on; and
        the best epoch of the best member.

    Raises:
        TrainingError, FeaturesError, ConfigError, WeightsError: see `fit.train`.
    """
    recipe = section.recipe
    models: list[keras.Model] = []
    histories: list[pd.DataFrame] = []
    for number in range(recipe.members):
        if number and not backbone.is_shared(section):
            data = {**data, "features": None}  # they are the first member's
        trained = fit.train(
            name,
            replace(section, recipe=replace(recipe, seed=recipe.seed + number)),
            callbacks=callbacks,
            checkpoint=checkpoint and checkpoint.of_member(number),
            first_epoch=sum(len(history) for history in histories),
            **data,
        )
        models.append(trained.model)
        histories.append(named(trained.history, member=number + 1))
    whole = pd.concat(histories, ignore_index=True)
    model = average(models, test_time_flip=recipe.test_time_flip)
    return Trained(model=model, history=whole, best_epoch=fit.best_epoch(whole, monitor=recipe.monitor))


def named(history: pd.DataFrame, *, member: int) -> pd.DataFrame:
    """Names the phases of all members but the first by their member."""
    if member == 1:
        return history
    return history.assign(phase=history["phase"] + f" of member {member}")
