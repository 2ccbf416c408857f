"""Measuring one loss: the model's own recipe with that loss, once a seed, judged on the validation split."""

import json
from dataclasses import dataclass, replace

import keras
import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from unmask import artifacts, losses
from unmask.config import LossBudget, TrainingSection, flatten
from unmask.data.features import Features
from unmask.data.input.batches import validation_batches
from unmask.data.shards import ShardIndex
from unmask.loss_search.scores import LossScores
from unmask.training import backbone, fit

OWN = (
    "recipe.loss",
    "recipe.seed",
    "recipe.members",
    "recipe.test_time_flip",
    "recipe.epochs",
    "recipe.early_stopping_patience",
    "recipe.monitor",
)
DIGITS = 6


@dataclass(frozen=True)
class Measured:
    """One loss's scores, and the history of each training: that of `fit.Trained` with a column `seed` before it."""

    scores: LossScores
    history: pd.DataFrame


def measure(  # noqa: PLR0913 - what, with what, from what
    model: str,
    section: TrainingSection,
    *,
    loss: str,
    budget: LossBudget,
    training: ShardIndex,
    validation: ShardIndex,
    features: Features | None = None,
) -> Measured:
    """Trains a model with one loss, once a seed.

    Args:
        model: a key of `MODELS`.
        section: its architecture and recipe, of which the budget replaces seed, epochs and early stopping.
        loss: a file of `losses/`.
        budget: what each loss may spend: an epoch at least.
        training: what to learn from.
        validation: what a loss is judged on, by the AUC of the best epoch: a measure that is the same for all losses.
        features: of the model's backbone, for the head's phase; see `shares_features`.

    Returns:
        Scores and histories.

    Raises:
        ConfigError: there is no such loss.
        TrainingError: a loss stopped being a number.
    """
    areas: dict[str, float] = {}
    histories: list[pd.DataFrame] = []
    for seed in budget.seeds:
        keras.utils.clear_session()
        trained = fit.train(
            model,
            with_budget(section, loss=loss, budget=budget, seed=seed),
            training=training,
            validation=validation,
            features=features,
            callbacks=[],
            epoch_share=budget.epoch_share,
        )
        batch_size = section.recipe.batch_size
        areas[str(seed)] = round(area(trained.model, validation, batch_size=batch_size), DIGITS)
        trained.history.insert(0, "seed", seed)
        histories.append(trained.history)
    scores = LossScores(
        model=model,
        loss=loss,
        is_proper=bool(losses.load(loss).IS_PROPER),
        search=name_search(model, section, budget=budget, training=training, validation=validation),
        validation_roc_auc=areas,
    )
    return Measured(scores, pd.concat(histories, ignore_index=True))


def shares_features(section: TrainingSection, *, budget: LossBudget) -> bool:
    """Whether the search's trainings, from several seeds, can read one set of features."""
    return budget.epochs > 0 and section.recipe.head_epochs > 0 and backbone.is_shared(section)


def with_budget(section: TrainingSection, *, loss: str, budget: LossBudget, seed: int) -> TrainingSection:
    """Gives the section with one loss, one seed and the budget's epochs, none of them saved by early stopping."""
    recipe = replace(
        section.recipe,
        loss=loss,
        seed=seed,
        epochs=budget.epochs,
        head_epochs=min(section.recipe.head_epochs, budget.epochs),
        early_stopping_patience=budget.epochs,
        monitor="roc_auc",
    )
    return replace(section, recipe=recipe)


def area(model: keras.Model, validation: ShardIndex, *, batch_size: int) -> float:
    """Gives the exact area under the ROC curve; Keras' own is a sum over 200 thresholds."""
    batches = [
        (model.predict_on_batch(images), labels.numpy())
        for images, labels in validation_batches(validation, batch_size=batch_size)
    ]
    logits, labels = (np.concatenate([batch[part].ravel() for batch in batches]) for part in (0, 1))
    return float(roc_auc_score(labels, logits))


def name_search(
    model: str, section: TrainingSection, *, budget: LossBudget, training: ShardIndex, validation: ShardIndex
) -> str:
    """Names what all losses of a model have in common, as a SHA-256 in hexadecimal."""
    parameters = {key: value for key, value in flatten(section).items() if key not in OWN}
    common = {
        "model": model,
        "parameters": parameters,
        "budget": flatten(budget),
        "data": [training.sha256, validation.sha256],
    }
    return artifacts.sha256_of_text(json.dumps(common, sort_keys=True))
