"""Optimisers and learning-rate schedules."""

from collections.abc import Callable, Collection
from typing import Any

import keras

from unmask.config import OptimizerConfig
from unmask.tables import choose
from unmask.training.fused import fused

Rate = Any  # a float, or a keras.optimizers.schedules.LearningRateSchedule

OPTIMIZERS: dict[str, Callable[..., keras.Optimizer]] = {
    "adam": fused(keras.optimizers.Adam),
    "adamw": fused(keras.optimizers.AdamW),
    "sgd": keras.optimizers.SGD,
}


def build(config: OptimizerConfig, *, total_steps: int, backbone: Collection[keras.Variable] = ()) -> keras.Optimizer:
    """Builds an optimiser.

    Args:
        config: its values; a weight decay or clipping norm of 0 switches it off.
        total_steps: the steps that the schedule spans.
        backbone: the weights that learn at `backbone_rate` of the learning rate.

    Returns:
        A fresh optimiser.
    """
    kind = choose(OPTIMIZERS, config.name, kind="optimizer")
    if config.backbone_rate < 1.0:
        kind = slowed(kind, weights=backbone, rate=config.backbone_rate)
    return kind(
        learning_rate=schedule(config, total_steps=total_steps),
        weight_decay=config.weight_decay,
        global_clipnorm=config.clip_norm or None,
        use_ema=config.ema_momentum > 0.0,
        ema_momentum=config.ema_momentum,
    )


def slowed(kind: Any, *, weights: Collection[keras.Variable], rate: float) -> Any:
    """Makes an optimiser's class take smaller steps with some weights, as discriminative fine-tuning does.

    Their weight decay is as much smaller, since Keras' decay is a share of the learning rate.

    Source: Howard and Ruder, "Universal Language Model Fine-tuning", ACL 2018, section 3.2. Keras' MultiOptimizer
    would give each group a clipping norm of its own and hide the learning rate.

    Args:
        kind: one of `OPTIMIZERS`.
        weights: which.
        rate: their share of the learning rate.
    """
    # The TensorFlow backend hands its own variable to `update_step`, the others Keras'.
    slow = {id(variable) for weight in weights for variable in (weight, weight.value)}

    class Slowed(kind):
        def __init__(self, **values: Any) -> None:
            super().__init__(**values)
            self.exclude_from_weight_decay(var_list=list(weights))  # which Keras decays at the full rate

        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            if id(variable) not in slow:
                super().update_step(gradient, variable, learning_rate)
                return
            if self.weight_decay:
                decay = keras.ops.cast(learning_rate * rate * self.weight_decay, variable.dtype)
                self.assign_sub(variable, variable * decay)
            super().update_step(gradient, variable, learning_rate * rate)

    return Slowed


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
