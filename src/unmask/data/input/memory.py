"""Which errors say that there is not enough memory; here because only `data` knows TensorFlow's own."""

import tensorflow as tf

OUT_OF_MEMORY: tuple[type[Exception], ...] = (tf.errors.ResourceExhaustedError, MemoryError)
