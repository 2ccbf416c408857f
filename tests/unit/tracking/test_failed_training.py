"""Trainings that cannot go on: what MLflow says of them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import mlflow
import pytest

from unmask import config
from unmask.config import RecipeConfig
from unmask.environment import Environment
from unmask.errors import TrainingError
from unmask.tracking import live
from unmask.tracking.store import locate
from unmask.training import fit

ROOT = Path(__file__).parents[3]
Change = Callable[[RecipeConfig], RecipeConfig]


class OutOfMemory(keras.callbacks.Callback):
    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        raise MemoryError


def with_rate(rate: float) -> Change:
    return lambda recipe: replace(recipe, optimizer=replace(recipe.optimizer, learning_rate=rate))


@pytest.mark.parametrize(
    ("change", "extra", "message"),
    [
        (with_rate(1e30), [], "the loss became"),
        (with_rate(100.0), [], "the gradient exploded"),
        (lambda recipe: recipe, [OutOfMemory()], "out of memory"),
    ],
    ids=["no number", "explosion", "memory"],
)
def test_a_training_that_cannot_go_on_is_a_failed_run_without_a_model(
    environment: Environment, splits: Any, change: Change, extra: list[keras.callbacks.Callback], message: str
) -> None:
    whole = config.load(ROOT / "profiles" / "sample.yaml").train.cnn
    recipe = change(replace(whole.recipe, epochs=2, batch_size=8, loss="binary_crossentropy"))
    section = replace(whole, architecture=replace(whole.architecture, filters=[4], dense_units=4), recipe=recipe)

    def train() -> None:
        with live.training_run(model_name="cnn", section=section, environment=environment) as run:
            callbacks = [*run.callbacks, *extra]
            fit.train("cnn", section, training=splits[0], validation=splits[1], callbacks=callbacks)

    with pytest.raises(TrainingError, match=message):
        train()
    client = mlflow.MlflowClient(locate(environment).uri)
    (found,) = client.search_runs([client.get_experiment_by_name("unmask").experiment_id])
    assert found.info.status == "FAILED"
    assert "model_sha256" not in found.data.tags
