"""Making a model ready to be fitted: precision, optimiser, loss, XLA; on any backend, without TensorFlow."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras

from unmask import losses
from unmask.config import RecipeConfig
from unmask.training import optimizers


def compile_model(model: keras.Model, recipe: RecipeConfig, *, num_steps: int) -> None:
    """Gives a model the recipe's optimiser and loss, and the measures of the history.

    Args:
        model: to be fitted.
        recipe: see `RecipeConfig`.
        num_steps: batches an epoch: the learning rate's schedule spans all epochs.
    """
    model.compile(
        optimizer=optimizers.build(recipe.optimizer, total_steps=recipe.epochs * num_steps),
        loss=losses.load(recipe.loss).build(),
        metrics=[
            keras.metrics.BinaryAccuracy(threshold=0.0, name="accuracy"),  # logits: 0 is P(fake) = 0.5
            keras.metrics.AUC(from_logits=True, name="roc_auc"),
        ],
        jit_compile=recipe.jit_compile,
    )


@contextmanager
def precision(policy: str) -> Iterator[None]:
    """Builds layers under a dtype policy and puts the former one back."""
    former = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(former)
