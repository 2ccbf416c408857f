"""Adam's step as one operation, where the backend has it."""

from typing import Any

import keras


def fused(kind: type[keras.optimizers.Adam]) -> Any:
    """Makes Adam or AdamW take its step as one operation on TensorFlow: its state and its numbers, to rounding.

    Keras 3 composes the step of a dozen operations, each a pass over the weights: a tenth of ResNet50's training step
    on a CPU in bfloat16. Other backends compile the step as a whole.

    Source: Kingma and Ba, "Adam", ICLR 2015, the formula at the end of section 2, as Keras has it; without AMSGrad.
    """

    class Fused(kind):
        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            if keras.backend.backend() != "tensorflow":
                super().update_step(gradient, variable, learning_rate)
                return
            import tensorflow as tf  # no other optimiser names it

            index = self._get_variable_index(variable)
            step = tf.cast(self.iterations.value + 1, variable.dtype)
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=self._momentums[index].value.handle,
                v=self._velocities[index].value.handle,
                beta1_power=self.beta_1**step,
                beta2_power=self.beta_2**step,
                lr=tf.cast(learning_rate, variable.dtype),
                beta1=self.beta_1,
                beta2=self.beta_2,
                epsilon=self.epsilon,
                grad=tf.cast(gradient, variable.dtype),
            )

    return Fused
