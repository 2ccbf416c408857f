"""With how many bits a network computes."""

import json

import keras

HALVES = ("float16", "bfloat16")
MIXED = ("mixed_float16", "mixed_bfloat16")
FULL = "float32"


def is_half(network: keras.Model) -> bool:
    """Whether a network, or one inside it, computes with 16 bits anywhere."""
    return any(
        is_half(layer) if isinstance(layer, keras.Model) else layer.compute_dtype in HALVES for layer in network.layers
    )


def in_full(network: keras.Model) -> keras.Model:
    """Gives a network that computes with 32 bits throughout; its weights, which have as many, are copies."""
    text = json.dumps(keras.saving.serialize_keras_object(network))
    for name in MIXED:
        text = text.replace(f'"{name}"', f'"{FULL}"')
    copy = keras.saving.deserialize_keras_object(json.loads(text), safe_mode=True)
    copy.set_weights(network.get_weights())
    return copy
