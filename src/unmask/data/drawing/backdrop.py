"""Paints what lies behind and below the face: background, clothes."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from unmask.data.drawing.canvas import Canvas, Field, as_layer, bump, noise, ramp
from unmask.data.drawing.traits import Traits


def paint_background(canvas: Canvas, traits: Traits, generator: np.random.Generator) -> None:
    """Paints an out-of-focus background over the whole canvas.

    Args:
        canvas: The canvas to paint on.
        traits: The portrait.
        generator: Source of randomness.
    """
    first, second, third = (as_layer(colour) for colour in traits.scene.palette)
    angle = generator.uniform(0, 2 * np.pi)
    along = canvas.x * np.float32(np.cos(angle)) + canvas.y * np.float32(np.sin(angle))
    canvas.pixels[...] = first + (second - first) * ramp(along, -1.1, 1.1)
    cells = (int(generator.integers(3, 7)), int(generator.integers(3, 7)))
    clouds = noise(generator, shape=along.shape, cells=cells)
    canvas.paint(third, ramp(clouds, -0.3, 2.0) * np.float32(0.6))
    _EXTRAS[traits.scene.background](canvas, generator)


def paint_clothes(canvas: Canvas, traits: Traits, generator: np.random.Generator) -> None:
    """Paints shoulders in a garment with folds and a collar.

    Args:
        canvas: The canvas to paint on.
        traits: The portrait.
        generator: Source of randomness.
    """
    head = traits.head
    centre = head.centre[0] * 0.8
    top = head.centre[1] + head.half_height * 1.1
    lower = canvas.window(left=-2, top=top - 0.1, right=2, bottom=2)
    dx = lower.x - np.float32(centre)
    slope = top + 0.05 + 0.42 * np.abs(dx) ** 1.8 / head.half_width**0.8
    edge = lower.y - slope.astype(np.float32)
    folds = noise(generator, shape=edge.shape, cells=(4, 14))
    light = 0.8 + 0.12 * folds - 0.25 * ramp(lower.y, top, 1.4)
    light = light + 0.25 * traits.light.direction[0] * dx
    mask = ramp(edge, -lower.step, lower.step * 2)
    layer = as_layer(traits.scene.clothes) * light.astype(np.float32)
    weave = generator.standard_normal(edge.shape, dtype=np.float32) * np.float32(0.02)
    lower.paint(layer + weave, mask)
    opening = np.sqrt((dx / (0.5 * head.half_width)) ** 2 + ((lower.y - top) / 0.22) ** 2)
    reach = traits.scene.collar
    lower.shade(1 - 0.45 * bump(opening, reach + 0.12, 0.09) * mask)
    skin = as_layer(traits.skin) * np.float32(0.78)
    lower.paint(skin, ramp(opening, reach + 0.03, reach - 0.03) * mask)


def _no_extra(_canvas: Canvas, _generator: np.random.Generator) -> None:
    """Leaves the gradient as it is."""


def _lights(canvas: Canvas, generator: np.random.Generator) -> None:
    """Adds round out-of-focus lights."""
    side = canvas.x.shape[1]
    sheet = Image.new("L", (side, side))
    pen = ImageDraw.Draw(sheet)
    for _ in range(int(generator.integers(8, 22))):
        x, y = generator.uniform(0, side, 2)
        radius = side * generator.uniform(0.02, 0.075)
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), int(generator.integers(60, 230)))
    mask = _to_mask(sheet, side * 0.008)
    canvas.paint(as_layer((1.0, 0.93, 0.8)), mask * np.float32(0.75))


def _room(canvas: Canvas, generator: np.random.Generator) -> None:
    """Adds the blurred uprights and shelves of a room."""
    side = canvas.x.shape[1]
    sheet = Image.new("L", (side, side), 128)
    pen = ImageDraw.Draw(sheet)
    for _ in range(int(generator.integers(5, 12))):
        x, y = generator.uniform(-0.1, 1, 2) * side
        width, height = generator.uniform(0.04, 0.4, 2) * side
        pen.rectangle((x, y, x + width, y + height), int(generator.integers(40, 225)))
    mask = _to_mask(sheet, side * generator.uniform(0.008, 0.025))
    canvas.shade(np.float32(0.5) + mask)


def _leaves(canvas: Canvas, generator: np.random.Generator) -> None:
    """Adds dappled foliage."""
    shape = (canvas.y.shape[0], canvas.x.shape[1])
    fine = noise(generator, shape=shape, cells=(13, 13))
    coarse = noise(generator, shape=shape, cells=(6, 6))
    canvas.paint(as_layer((0.22, 0.36, 0.16)), ramp(fine + coarse, -1.0, 1.6) * np.float32(0.7))
    canvas.paint(as_layer((0.86, 0.9, 0.62)), ramp(fine, 0.8, 2.6) * np.float32(0.4))


def _wall(canvas: Canvas, generator: np.random.Generator) -> None:
    """Adds a plaster grain and a lamp's glow."""
    shape = (canvas.y.shape[0], canvas.x.shape[1])
    canvas.shade(1 + np.float32(0.025) * noise(generator, shape=shape, cells=(60, 60)))
    x, y = generator.uniform(-1, 1, 2)
    glow = bump(canvas.x, float(x), 0.7) * bump(canvas.y, float(y), 0.7)
    canvas.shade(np.float32(0.75) + np.float32(0.5) * glow)


def _to_mask(sheet: Image.Image, radius: float) -> Field:
    """Blurs a grey sheet and scales it to [0, 1]."""
    blurred = sheet.filter(ImageFilter.GaussianBlur(radius))
    return np.asarray(blurred, dtype=np.float32) * np.float32(1 / 255)


_EXTRAS = {
    "gradient": _no_extra,
    "lights": _lights,
    "room": _room,
    "leaves": _leaves,
    "wall": _wall,
}
