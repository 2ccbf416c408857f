"""The architectures: each file exports `build(config, image_size=...) -> keras.Model`.

A model takes images (batch, size, size, 3) float32 in [0, 255] and returns logits (batch, 1) float32 whose sigmoid is
P(fake). Every layer is named: the numbers Keras would append depend on what else a process has built. A layer named
"backbone", where there is one, is what the head's phase of training freezes; the layer "flatten" after it pools what it
gives to (batch, dim).
"""

from collections.abc import Callable
from typing import Any

from unmask.models import average as average  # a saved model may name its layers
from unmask.models import cnn, resnet50

MODELS: dict[str, Callable[..., Any]] = {"cnn": cnn.build, "resnet50": resnet50.build}
