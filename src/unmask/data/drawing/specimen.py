"""Makes one image of the data set as JPEG bytes, from its seed, label and index alone."""

import numpy as np
from scipy import ndimage

from unmask.data.drawing.camera import Camera, develop, draw_camera, expose, photograph
from unmask.data.drawing.canvas import Field
from unmask.data.drawing.casting import draw_traits
from unmask.data.drawing.encode import to_jpeg
from unmask.data.drawing.generator import draw_recipe, fabricate, mismatch_eyes
from unmask.data.drawing.portrait import draw_portrait
from unmask.records import FAKE, REAL

_NOISE_STEPS = 5
_MAX_NOISE = 0.1


def draw_specimen(*, seed: int, label: int, index: int, image_size: int) -> bytes:
    """Draws one real or fake portrait.

    Args:
        seed: The data set's seed, 0 or more.
        label: unmask.records.REAL or FAKE.
        index: The image's place in its class.
        image_size: Side, pixels.

    Returns:
        A JPEG file; the same arguments give the same bytes.
    """
    generator = np.random.default_rng(np.random.SeedSequence([seed, label, index]))
    camera = draw_camera(generator)
    makers = {REAL: _draw_real, FAKE: _draw_fake}
    return makers[label](generator, camera, image_size)


def _draw_real(generator: np.random.Generator, camera: Camera, image_size: int) -> bytes:
    """Draws a portrait and photographs it."""
    scene = draw_portrait(draw_traits(generator), image_size)
    return to_jpeg(photograph(scene, camera, generator), camera)


def _draw_fake(generator: np.random.Generator, camera: Camera, image_size: int) -> bytes:
    """Draws a portrait, takes it through a generator, and gives it noise like a photograph's.

    The noise is as much as makes the file about as large as a photograph of the same scene, so
    that smoothing does not show in the file's size.
    """
    traits = draw_traits(generator)
    recipe = draw_recipe(generator)
    scene = draw_portrait(mismatch_eyes(traits, recipe.eyes, generator), image_size)
    photograph_bytes = len(to_jpeg(photograph(scene, camera, generator), camera))
    clean = develop(expose(scene, camera), camera)
    picture = fabricate(clean, traits, recipe, generator)
    grain = _grain(picture, recipe.noise_blur_pixels, generator)
    low, high = 0.0, _MAX_NOISE
    for _ in range(_NOISE_STEPS):
        middle = (low + high) / 2
        if len(to_jpeg(picture + np.float32(middle) * grain, camera)) < photograph_bytes:
            low = middle
        else:
            high = middle
    return to_jpeg(picture + np.float32((low + high) / 2) * grain, camera)


def _grain(picture: Field, blur_pixels: float, generator: np.random.Generator) -> Field:
    """Draws noise of about unit variance that is a little stronger in the light."""
    white = generator.standard_normal(picture.shape, dtype=np.float32)
    soft = ndimage.gaussian_filter(white, (blur_pixels, blur_pixels, 0), truncate=3)
    return np.asarray(soft / soft.std() * (np.float32(0.7) + np.float32(0.4) * picture), np.float32)
