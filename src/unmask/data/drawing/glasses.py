"""Paints glasses."""

import numpy as np

from unmask.data.drawing.canvas import Canvas, bump, ramp
from unmask.data.drawing.head import Landmarks
from unmask.data.drawing.traits import Traits


def paint_glasses(canvas: Canvas, traits: Traits, places: Landmarks) -> None:
    """Paints round, square or dark glasses with a reflection.

    Args:
        canvas: The canvas to paint on.
        traits: The portrait.
        places: Where the eyes sit.
    """
    kind = traits.scene.glasses
    if kind == "none":
        return
    (left_x, y, left_half), (right_x, _, right_half) = places.eyes
    y += 0.02
    power = 2.0 if kind == "round" else 4.0
    part = canvas.window(left=left_x - 0.6, top=y - 0.3, right=right_x + 0.6, bottom=y + 0.3)
    for x, half in ((left_x, left_half), (right_x, right_half)):
        dx = np.abs(part.x - np.float32(x)) / np.float32(1.62 * half)
        dy = np.abs(part.y - np.float32(y)) / np.float32(1.36 * half)
        radius = (dx**power + dy**power) ** np.float32(1 / power)
        lens = ramp(radius, 1.02, 0.96)
        tint = 0.86 if kind == "dark" else 0.07
        part.paint((0.08, 0.08, 0.1), lens * np.float32(tint))
        slope = part.x - np.float32(x) + 0.7 * (part.y - np.float32(y))
        glare = bump(slope, -0.3 * half * traits.light.direction[0], 0.28 * half) * lens
        part.paint((0.95, 0.97, 1.0), glare * np.float32(0.22))
        part.shade(1 - np.float32(0.25) * bump(radius, 1.1, 0.09))
        part.paint(traits.scene.frame, ramp(np.abs(radius - 1), 0.1, 0.05))
    bridge = ramp(np.abs(part.y - np.float32(y - 0.035)), 0.022, 0.01)
    between = ramp(part.x, left_x + 1.5 * left_half, left_x + 1.6 * left_half) * ramp(
        part.x, right_x - 1.5 * right_half, right_x - 1.6 * right_half
    )
    edge = traits.head.half_width * 0.96
    outside = np.maximum(
        ramp(part.x, left_x - 1.6 * left_half, left_x - 1.65 * left_half)
        * ramp(part.x, traits.head.centre[0] - edge, traits.head.centre[0] - edge + 0.02),
        ramp(part.x, right_x + 1.6 * right_half, right_x + 1.65 * right_half)
        * ramp(part.x, traits.head.centre[0] + edge, traits.head.centre[0] + edge - 0.02),
    )
    part.paint(traits.scene.frame, bridge * np.maximum(between, outside))
