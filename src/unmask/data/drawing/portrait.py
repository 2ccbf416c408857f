"""Puts a portrait together from its traits: all layers, the light's colour, the camera's roll."""

import numpy as np
from PIL import Image

from unmask.data.drawing.backdrop import paint_background, paint_clothes
from unmask.data.drawing.canvas import SUPERSAMPLING, Canvas, Field, as_layer, blank
from unmask.data.drawing.eyes import paint_brows, paint_eyes
from unmask.data.drawing.glasses import paint_glasses
from unmask.data.drawing.hair import paint_back_hair, paint_front_hair
from unmask.data.drawing.head import paint_ears, paint_neck, paint_skin, place_landmarks
from unmask.data.drawing.mouth import paint_beard, paint_mouth, paint_nose
from unmask.data.drawing.traits import Traits


def draw_portrait(traits: Traits, image_size: int) -> Field:
    """Draws a portrait as the scene in front of a perfect lens.

    Args:
        traits: The portrait.
        image_size: Side of the picture, pixels.

    Returns:
        (image_size, image_size, 3), float32, display values in [0, 1].
    """
    generator = np.random.default_rng(traits.texture_seed)
    canvas = blank(image_size)
    places = place_landmarks(traits)
    paint_background(canvas, traits, generator)
    paint_back_hair(canvas, traits, generator)
    paint_neck(canvas, traits)
    paint_clothes(canvas, traits, generator)
    paint_ears(canvas, traits)
    paint_skin(canvas, traits, places, generator)
    paint_eyes(canvas, traits, places, generator)
    paint_nose(canvas, traits, places)
    paint_beard(canvas, traits, places, generator)
    paint_mouth(canvas, traits, places, generator)
    paint_brows(canvas, traits, places, generator)
    paint_front_hair(canvas, traits, generator)
    paint_glasses(canvas, traits, places)
    warmth, exposure = traits.light.warmth, traits.light.exposure
    tint = as_layer((1 + 0.07 * warmth, 1.0, 1 - 0.1 * warmth))
    canvas.shade(tint * np.float32(exposure))
    return _roll_and_reduce(canvas, image_size, traits.head.roll_degrees)


def _roll_and_reduce(canvas: Canvas, image_size: int, degrees: float) -> Field:
    """Turns the canvas about its centre, cuts the margin off and averages down to size."""
    side = round(image_size * SUPERSAMPLING)
    whole = canvas.pixels.shape[1]
    bytes_ = (np.clip(canvas.pixels, 0, 1) * 255 + 0.5).astype(np.uint8).transpose(1, 2, 0)
    cosine, sine = float(np.cos(np.radians(degrees))), float(np.sin(np.radians(degrees)))
    middle, centre = side / 2, whole / 2
    turn = (
        cosine,
        sine,
        centre - cosine * middle - sine * middle,
        -sine,
        cosine,
        centre + sine * middle - cosine * middle,
    )
    rolled = Image.fromarray(np.ascontiguousarray(bytes_)).transform(
        (side, side), Image.Transform.AFFINE, turn, Image.Resampling.BILINEAR
    )
    reduced = rolled.resize((image_size, image_size), Image.Resampling.BOX)
    return np.asarray(reduced, dtype=np.float32) * np.float32(1 / 255)
