"""Gradients of a function, on whichever backend Keras has: Keras 3 itself offers none.

One of the few modules outside of `data/` that name TensorFlow, and only inside of the function that needs it.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras

from unmask.tables import choose

Tensor = Any
Scalar = Callable[[list[Tensor]], Tensor]


def gradients_of(function: Scalar, inputs: Sequence[Tensor]) -> list[Tensor]:
    """Differentiates a function where it is given some values.

    Args:
        function: from a list of tensors to one number; of operations that the backend can differentiate.
        inputs: the backend's tensors of any shapes, of floating-point numbers.

    Returns:
        For each input its gradient, of its shape and type.

    Raises:
        ConfigError: Keras runs on a backend that is not in the table.
    """
    gradients = choose(BACKENDS, keras.backend.backend(), kind="backend of Keras with gradients")
    return gradients(function, list(inputs))


def with_tensorflow(function: Scalar, inputs: list[Tensor]) -> list[Tensor]:
    """Records what the function does, and goes back through it."""
    import tensorflow as tf

    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(inputs)
        outcome = function(inputs)
    gradients: list[Tensor] = tape.gradient(outcome, inputs, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return gradients


def with_jax(function: Scalar, inputs: list[Tensor]) -> list[Tensor]:
    """Transforms the function into its gradient."""
    import jax

    gradients: list[Tensor] = jax.grad(function)(inputs)
    return gradients


BACKENDS: dict[str, Callable[[Scalar, list[Tensor]], list[Tensor]]] = {"tensorflow": with_tensorflow, "jax": with_jax}
