"""Optimisers and learning-rate schedules."""

from collections.abc import Callable
from typing import Any

import keras

from unmask.config import OptimizerConfig
from unmask.tables import choose

Rate = Any  # a float, or a keras.optimizers.schedules.LearningRateSchedule

OPTIMIZERS: dict[str, Callable[..., keras.Optimizer]] = {
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "sgd": keras.optimizers.SGD,
}


def build(config: OptimizerConfig, *, total_steps: int) -> keras.Optimizer:
    """Builds an optimiser.

    Args:
        config: its values; a weight decay or clipping norm of 0 switches it off.
        total_steps: the steps that the schedule spans.

    Returns:
        A fresh optimiser.
    """
    return choose(OPTIMIZERS, config.name, kind="optimizer")(
        learning_rate=schedule(config, total_steps=total_steps),
        weight_decay=config.weight_decay,
        global_clipnorm=config.clip_norm or None,
    )


def schedule(config: OptimizerConfig, *, total_steps: int) -> Rate:
    """Builds a constant rate, or a rise over the warm-up and then half a cosine down to 0."""
    if config.schedule == "constant":
        return config.learning_rate
    warmup_steps = round(config.warmup_share * total_steps)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if warmup_steps else config.learning_rate,
        decay_steps=max(1, total_steps - warmup_steps),
        warmup_target=config.learning_rate if warmup_steps else None,
        warmup_steps=warmup_steps,
    )
