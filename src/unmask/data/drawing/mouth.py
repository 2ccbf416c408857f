"""Paints nostrils, lips, teeth and beards."""

import numpy as np

from unmask.data.drawing.canvas import Canvas, Field, as_layer, bump, noise, ramp, scale
from unmask.data.drawing.head import Landmarks, outline
from unmask.data.drawing.traits import Traits


def paint_nose(canvas: Canvas, traits: Traits, places: Landmarks) -> None:
    """Paints nostrils and the nose's cast shadow; its relief belongs to the skin."""
    head = traits.head
    axis = places.axis + 0.05 * head.yaw * head.half_width
    width = 0.13 * head.half_width * traits.features.nose_width
    y = places.nose_y + 0.045 * head.half_height
    part = canvas.window(left=axis - 4 * width, top=y - 0.15, right=axis + 4 * width, bottom=y + 0.15)
    cast = axis - 0.06 * traits.light.direction[0]
    part.shade(1 - 0.2 * bump(part.x, cast, 1.1 * width) * bump(part.y, y + 0.03, 0.028))
    for side in (-1.0, 1.0):
        hole = bump(part.x, axis + side * width * 0.72, 0.36 * width) * bump(part.y, y, 0.016)
        part.shade(1 - 0.62 * hole)
        wing = bump(part.x, axis + side * width * 1.45, 0.2 * width) * bump(part.y, y - 0.03, 0.035)
        part.shade(1 - 0.22 * wing)


def paint_mouth(canvas: Canvas, traits: Traits, places: Landmarks, generator: np.random.Generator) -> None:
    """Paints lips, the gap between them and teeth.

    Args:
        canvas: The canvas to paint on.
        traits: The portrait.
        places: Where the mouth sits.
        generator: Source of randomness for the lips' lines.
    """
    expression, features, head = traits.expression, traits.features, traits.head
    half = 0.36 * head.half_width * features.mouth_width * (1 + 0.18 * max(expression.smile, 0))
    part = canvas.window(
        left=places.axis - 1.5 * half,
        top=places.mouth_y - 0.2,
        right=places.axis + 1.5 * half,
        bottom=places.mouth_y + 0.3,
    )
    t = (part.x - np.float32(places.axis)) / np.float32(half)
    arch = np.clip(1 - t * t, 0, 1)
    bend = 0.075 * expression.smile * (0.5 - t * t)
    gap = np.asarray(0.085 * expression.mouth_open * arch**0.8, dtype=np.float32)
    line = np.asarray(part.y - np.float32(places.mouth_y) - bend, dtype=np.float32)
    bow = 1 - 0.3 * bump(t, 0, 0.12) + 0.12 * bump(np.abs(t), 0.28, 0.16)
    upper = -0.052 * features.lip_fullness * arch**0.8 * bow - 0.35 * gap
    lower = 0.066 * features.lip_fullness * arch**0.7 + 0.65 * gap
    soft = 2.2 * part.step
    shape = (part.y.shape[0], part.x.shape[1])
    lines = 1 + 0.07 * noise(generator, shape=shape, cells=(5, 40))
    lips = ramp(line - upper, -soft, soft) * ramp(lower - line, -soft, soft)
    light = np.where(line < 0, 0.8, 1.02) * lines
    light = light + 0.22 * bump(line - 0.6 * lower, 0, 0.012) * bump(t, 0.1, 0.3)
    part.paint(as_layer(features.lip_colour) * light.astype(np.float32), lips * np.float32(0.88))
    if expression.mouth_open > 0:
        _paint_opening(part, line, gap, t)
    else:
        seam = bump(line, 0, 0.009) * ramp(np.abs(t), 1.08, 0.9)
        part.shade((1 - 0.6 * seam).astype(np.float32))
    part.shade(1 - 0.2 * bump(line - lower, 0.03, 0.02) * bump(t, 0, 0.5))
    corners = bump(np.abs(t), 1.03, 0.07) * bump(line, 0, 0.02)
    part.shade(1 - 0.4 * corners)


def _paint_opening(
    part: Canvas,
    line: Field,
    gap: Field,
    t: Field,
) -> None:
    """Paints the dark of the mouth and the upper teeth."""
    soft = 1.6 * part.step
    inside = ramp(line + 0.35 * gap, -soft, soft) * ramp(0.65 * gap - line, -soft, soft)
    part.paint((0.2, 0.06, 0.06), inside)
    teeth = ramp(0.22 * gap - line + 0.012, -soft, soft) * ramp(np.abs(t), 0.9, 0.7) * inside
    edges = 1 - 0.16 * bump((t * np.float32(3.6)) % 1, 0.5, 0.1)
    shade = (0.92 - 0.3 * t * t) * edges
    part.paint(as_layer((0.95, 0.93, 0.88)) * shade.astype(np.float32), teeth)


def paint_beard(canvas: Canvas, traits: Traits, places: Landmarks, generator: np.random.Generator) -> None:
    """Paints stubble, moustache, goatee or a full beard, before the mouth.

    Args:
        canvas: The canvas to paint on.
        traits: The portrait.
        places: Where nose, mouth and chin sit.
        generator: Source of randomness for the hairs.
    """
    if traits.hair.beard == "none":
        return
    head = traits.head
    width, height = head.half_width, head.half_height
    part = canvas.window(
        left=head.centre[0] - 1.1 * width,
        top=places.nose_y - 0.1 * height,
        right=head.centre[0] + 1.1 * width,
        bottom=places.chin_y + 0.1 * height,
    )
    shape = (part.y.shape[0], part.x.shape[1])
    hairs = noise(generator, shape=shape, cells=(40, 110)) + noise(generator, shape=shape, cells=(9, 18))
    side = np.abs(part.x - np.float32(places.axis)) / np.float32(width)
    above = places.mouth_y - 0.07 * height
    lip = bump(part.y, above, 0.055 * height) * ramp(side, 0.46, 0.3)
    chin = ramp(part.y, places.mouth_y + 0.02 * height, places.mouth_y + 0.14 * height)
    jaw = np.maximum(chin, ramp(side, 0.5, 0.75) * ramp(part.y, places.nose_y - 0.05, places.mouth_y))
    beard = {
        "stubble": np.maximum(lip, jaw) * np.float32(0.32),
        "moustache": lip * np.float32(0.9),
        "goatee": np.maximum(lip, chin * ramp(side, 0.42, 0.26)) * np.float32(0.85),
        "full": np.maximum(lip, jaw) * np.float32(0.9),
    }[traits.hair.beard]
    mask = beard * np.clip(0.8 + 0.28 * hairs, 0, 1) * ramp(outline(part, traits), 1.03, 0.98)
    tone = as_layer(scale(traits.hair.colour, 0.9)) * (1 + 0.22 * hairs)
    part.paint(np.clip(tone, 0, 1).astype(np.float32), mask.astype(np.float32))
