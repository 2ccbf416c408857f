"""Making a model ready to be fitted: optimiser, loss, XLA; on any backend, without TensorFlow."""

import keras

from unmask import losses
from unmask.config import RecipeConfig
from unmask.training import backbone, optimizers


def compile_model(model: keras.Model, recipe: RecipeConfig, *, num_steps: int) -> None:
    """Gives a model the recipe's optimiser and loss, and the measures of the history.

    Args:
        model: to be fitted.
        recipe: see `RecipeConfig`.
        num_steps: batches an epoch: the learning rate's schedule spans all epochs.
    """
    model.compile(
        optimizer=optimizers.build(
            recipe.optimizer, total_steps=recipe.epochs * num_steps, backbone=backbone.weights_of(model)
        ),
        loss=losses.load(recipe.loss).build(),
        metrics=[
            keras.metrics.BinaryAccuracy(threshold=0.0, name="accuracy"),  # logits: 0 is P(fake) = 0.5
            keras.metrics.AUC(from_logits=True, name="roc_auc"),
        ],
        jit_compile=recipe.jit_compile,
    )
