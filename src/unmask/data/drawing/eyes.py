"""Paints eyes and brows."""

import numpy as np

from unmask.data.drawing.canvas import Canvas, Field, as_layer, bump, noise, ramp, scale
from unmask.data.drawing.head import Landmarks
from unmask.data.drawing.traits import Eye, Traits


def paint_eyes(canvas: Canvas, traits: Traits, places: Landmarks, generator: np.random.Generator) -> None:
    """Paints both eyes with their lids and lashes.

    Args:
        canvas: The canvas to paint on.
        traits: The portrait.
        places: Where the eyes sit.
        generator: Source of randomness for the irises' fibres.
    """
    for eye, place, side in zip((traits.left_eye, traits.right_eye), places.eyes, (-1.0, 1.0), strict=True):
        _paint_eye(canvas, traits, eye, place, side, generator)


def _paint_eye(
    canvas: Canvas,
    traits: Traits,
    eye: Eye,
    place: tuple[float, float, float],
    side: float,
    generator: np.random.Generator,
) -> None:
    """Paints one eye; `side` is -1 for the picture's left."""
    x, y, half = place
    part = canvas.window(left=x - 1.6 * half, top=y - 1.3 * half, right=x + 1.6 * half, bottom=y + 1.3 * half)
    dx = (part.x - np.float32(x)) / np.float32(half)
    slant = traits.features.eye_slant * side
    dy = (part.y - np.float32(y)) / np.float32(half) + np.float32(slant) * dx
    arch = np.clip(1 - dx * dx, 0, 1)
    opening = 0.3 + 0.42 * traits.expression.eye_open
    upper = np.asarray(-opening * arch**0.75 + 0.04, dtype=np.float32)
    lower = np.asarray(opening * 0.62 * arch**0.9 + 0.04, dtype=np.float32)
    soft = 1.4 * part.step / half
    inside = ramp(dy - upper, -soft, soft) * ramp(lower - dy, -soft, soft)
    white = as_layer((0.88, 0.85, 0.83)) * (0.55 + 0.45 * ramp(dy - upper, 0, 0.45))
    white = white * (1 - 0.25 * np.abs(dx) ** 3)
    part.paint(white.astype(np.float32), inside)
    _paint_iris(part, eye, dx - np.float32(eye.gaze[0] * 0.5), dy - np.float32(eye.gaze[1] * 0.4), inside, generator)
    on_eye = ramp(np.abs(dx), 1.12, 0.98)
    lash = bump(dy - upper, -0.03, 0.075) * on_eye
    part.paint(scale(traits.hair.colour, 0.4), lash * np.float32(0.85))
    part.shade(1 - np.float32(0.28) * bump(dy - lower, 0.05, 0.06) * on_eye)
    crease = bump(dy - upper * 1.25, -0.24, 0.08) * ramp(np.abs(dx), 1.25, 0.7)
    part.shade(1 - np.float32(0.3) * crease)


def _paint_iris(
    part: Canvas,
    eye: Eye,
    dx: Field,
    dy: Field,
    inside: Field,
    generator: np.random.Generator,
) -> None:
    """Paints iris, pupil and the light's reflection, in units of the eye's half width."""
    size = 0.47
    radius = np.asarray(np.sqrt(dx * dx + dy * dy) * (1 / size), dtype=np.float32)
    fibres = noise(generator, shape=radius.shape, cells=(9, 9))
    tint = as_layer(eye.iris) * (1.0 + 0.16 * fibres - 0.75 * ramp(radius, 0.65, 1.0))
    edge = 1.5 * part.step / (size * 0.11)
    edge = min(edge, 0.3)
    part.paint(tint.astype(np.float32), ramp(radius, 1 + edge / 2, 1 - edge / 2) * inside)
    part.paint((0.03, 0.03, 0.03), ramp(radius, eye.pupil + 0.1, eye.pupil - 0.1) * inside)
    spot_x = dx / np.float32(size) - np.float32(eye.highlight[0])
    spot_y = dy / np.float32(size) - np.float32(eye.highlight[1])
    spot = np.sqrt(spot_x * spot_x + spot_y * spot_y)
    part.paint((1.0, 1.0, 1.0), ramp(spot, 0.36, 0.18) * inside * np.float32(eye.highlight_strength))


def paint_brows(canvas: Canvas, traits: Traits, places: Landmarks, generator: np.random.Generator) -> None:
    """Paints the brows as hair with a broken edge.

    Args:
        canvas: The canvas to paint on.
        traits: The portrait.
        places: Where the eyes and brows sit.
        generator: Source of randomness for the hairs.
    """
    weight = traits.features.brow_weight
    for (x, _, half), side in zip(places.eyes, (-1.0, 1.0), strict=True):
        part = canvas.window(
            left=x - 1.7 * half, top=places.brow_y - 0.12, right=x + 1.7 * half, bottom=places.brow_y + 0.12
        )
        t = (part.x - np.float32(x)) / np.float32(1.35 * half) * np.float32(side)
        curve = 0.055 * t * t - 0.02 * t - 0.05 * traits.expression.frown * t * half / 0.1
        line = (part.y - np.float32(places.brow_y) - curve * 0.6) / np.float32(0.026 * weight)
        taper = np.clip(1.05 - 0.55 * np.clip(t, -1, 1), 0.3, 1.4)
        shape = (part.y.shape[0], part.x.shape[1])
        hairs = noise(generator, shape=shape, cells=(10, 30))
        density = bump((line / taper + 0.35 * hairs).astype(np.float32), 0, 0.8)
        mask = density * ramp(np.abs(t), 1.05, 0.8) * np.float32(min(0.55 + 0.3 * weight, 0.92))
        part.paint(scale(traits.hair.colour, 0.75), mask.astype(np.float32))
