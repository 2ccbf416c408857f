"""The training step of a model of this project on one batch, on whichever backend KERAS_BACKEND names.

    KERAS_BACKEND=jax python -m benchmarks.keras_step --model cnn --side 128 --batch 32

Serves images a second, see `rate_server`. Needs no TensorFlow on another backend.
"""

import argparse
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.rate_server import rate_of, serve
from unmask import config
from unmask.console import silent_start

PROFILE = Path("profiles/paper.yaml")
WARM_UP_STEPS = 3


def main() -> None:
    """Gets a model ready, serves its rate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--side", type=int, required=True, help="of the images, in pixels")
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--xla", action="store_true")
    parser.add_argument("--in-a-row", type=int, default=1, help="more than one: so many by `fit`")
    parser.add_argument("--seconds", type=float, default=2.0, help="of a measurement, at least")
    arguments = parser.parse_args()
    recipe = {"precision": arguments.precision, "jit_compile": arguments.xla, "batch_size": arguments.batch}
    with silent_start():
        step, about = step_of(arguments.model, side_pixels=arguments.side, changes=recipe, in_a_row=arguments.in_a_row)
    for _ in range(WARM_UP_STEPS):
        step()
    images = arguments.batch * arguments.in_a_row
    serve(lambda: rate_of(step, images=images, seconds=arguments.seconds), about=about)


def step_of(
    name: str, *, side_pixels: int, changes: dict[str, Any], in_a_row: int = 1
) -> tuple[Callable[[], object], str]:
    """Makes a model ready; gives one step on a batch of noise, or so many by `fit`, and the backend's name."""
    import keras

    whole = config.load(PROFILE)
    recipe = replace(config.training_section(whole, name).recipe, **changes)
    model = compiled(name, config.training_section(whole, name), recipe=recipe, side_pixels=side_pixels)
    images, labels = batch_of(recipe.batch_size, side_pixels=side_pixels)
    if in_a_row > 1:
        many = np.concatenate([images] * in_a_row), np.concatenate([labels] * in_a_row)
        fit = partial(model.fit, *many, batch_size=recipe.batch_size, shuffle=False, verbose=0)
        return fit, keras.backend.backend()
    on_device = keras.ops.convert_to_tensor(images), keras.ops.convert_to_tensor(labels)
    return lambda: model.train_on_batch(*on_device), keras.backend.backend()


def compiled(name: str, section: Any, *, recipe: config.RecipeConfig, side_pixels: int) -> Any:
    """Builds and compiles a model as training does, from random weights: none are fetched."""
    import keras

    from unmask.models import MODELS
    from unmask.training.backbone import precision
    from unmask.training.compilation import compile_model

    architecture = section.architecture
    if isinstance(architecture, config.Resnet50Config):
        architecture = replace(architecture, weights="none")
    keras.utils.set_random_seed(recipe.seed)
    with precision(recipe.precision):
        model = MODELS[name](architecture, image_size=side_pixels)
    compile_model(model, recipe, num_steps=1)
    return model


def batch_of(size: int, *, side_pixels: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws images (size, side, side, 3) uint8 and labels (size, 1) float32."""
    generator = np.random.default_rng(1)
    images = generator.integers(0, 256, (size, side_pixels, side_pixels, 3), dtype=np.uint8)
    return images, (np.arange(size) % 2).astype(np.float32)[:, None]


if __name__ == "__main__":
    main()
