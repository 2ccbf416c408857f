"""Paints hair: the mass behind the head, the cap with its hairline, and the strands in both."""

import numpy as np

from unmask.data.drawing.canvas import Canvas, Field, as_layer, bump, noise, ramp
from unmask.data.drawing.head import outline
from unmask.data.drawing.traits import Traits

# Style -> how far the cap stands off the skull, how deep its hairline comes down (both in half
# heights of the head), how far it covers the temples, and its curl.
_STYLES: dict[str, tuple[float, float, float, float]] = {
    "buzz": (0.03, 0.42, 0.90, 0.0),
    "short": (0.15, 0.46, 0.88, 0.15),
    "parted": (0.16, 0.42, 0.84, 0.1),
    "fringe": (0.15, 0.62, 0.82, 0.1),
    "long": (0.14, 0.42, 0.80, 0.2),
    "curly": (0.30, 0.46, 0.84, 1.0),
    "bun": (0.07, 0.42, 0.90, 0.05),
}


def paint_back_hair(canvas: Canvas, traits: Traits, generator: np.random.Generator) -> None:
    """Paints the hair that falls behind neck and shoulders, or a bun.

    Args:
        canvas: The canvas to paint on.
        traits: The portrait.
        generator: Source of randomness for the strands.
    """
    head, style = traits.head, traits.hair.style
    dx = canvas.x - np.float32(head.centre[0])
    if style == "long":
        length = head.centre[1] + head.half_height * (0.75 + 0.6 * traits.hair.volume)
        t = (canvas.y - np.float32(head.centre[1])) / np.float32(head.half_height)
        wave = 0.03 * np.sin(canvas.y * 9 + traits.texture_seed % 7)
        width = head.half_width * (1.1 + 0.1 * traits.hair.volume + 0.12 * np.clip(t, -0.5, 1.2))
        ragged = 0.05 * noise(generator, shape=(1, dx.shape[1]), cells=(1, 40))
        mask = ramp((width + wave - np.abs(dx)).astype(np.float32), -0.01, 0.02)
        mask = mask * ramp(canvas.y - ragged, length + 0.05, length - 0.05) * ramp(t, -0.5, -0.2)
        flow = (dx / (1 + 0.15 * t) + 2 * wave).astype(np.float32)
        canvas.paint(_strands(canvas, traits, flow, generator) * np.float32(0.72), mask)
    if style == "bun":
        dy = canvas.y - np.float32(head.centre[1] - 1.1 * head.half_height)
        radius = np.sqrt(dx * dx + dy * dy) / np.float32(0.2 + 0.08 * traits.hair.volume)
        canvas.paint(_strands(canvas, traits, radius.astype(np.float32), generator), ramp(radius, 1.03, 0.97))


def paint_front_hair(canvas: Canvas, traits: Traits, generator: np.random.Generator) -> None:
    """Paints the cap of hair over the skull, and its shadow on the forehead.

    Args:
        canvas: The canvas to paint on.
        traits: The portrait.
        generator: Source of randomness for the strands and the hairline.
    """
    if traits.hair.style == "bald":
        return
    head = traits.head
    part = canvas.window(left=-2, top=-2, right=2, bottom=head.centre[1] + 0.6 * head.half_height)
    mask, shadow = _cap(part, traits, generator)
    dx = part.x - np.float32(head.centre[0] + 0.4 * traits.hair.parting * head.half_width)
    dy = part.y - np.float32(head.centre[1] - 1.25 * head.half_height)
    flow = np.arctan2(dx, dy + np.float32(0.05)).astype(np.float32)
    part.shade(1 - np.float32(0.3) * shadow)
    opacity = np.float32(0.75 if traits.hair.style == "buzz" else 1.0)
    part.paint(_strands(part, traits, flow, generator), mask * opacity)


def _cap(part: Canvas, traits: Traits, generator: np.random.Generator) -> tuple[Field, Field]:
    """Gives the cap's mask and the shadow it throws."""
    head, hair = traits.head, traits.hair
    lift, depth, temples, curl = _STYLES[hair.style]
    shape = (part.y.shape[0], part.x.shape[1])
    radius = outline(part, traits)
    rough = noise(generator, shape=shape, cells=(26, 26)) * np.float32(0.012 + 0.04 * curl)
    rough += noise(generator, shape=shape, cells=(70, 90)) * np.float32(0.012)
    t = (part.y - np.float32(head.centre[1])) / np.float32(head.half_height)
    outer = 1 + lift * hair.volume * ramp(t, 0.5, -0.5)
    inside = ramp(outer + rough - radius, -0.012, 0.03)
    dx = (part.x - np.float32(head.centre[0])) / np.float32(head.half_width)
    top = -1 + depth * hair.hairline
    if hair.style in ("parted", "long"):
        line = top + 0.5 * np.abs(dx - 0.55 * hair.parting) - 0.12
    elif hair.style == "fringe":
        jag = 0.05 * noise(generator, shape=(1, dx.shape[1]), cells=(1, 24))
        line = top + 0.08 * dx * hair.parting + jag + 0.1 * dx * dx
    else:
        line = top + 0.05 * np.cos(dx * 5) * (0.3 + traits.features.age) + 0.12 * dx * dx
    line = np.minimum(line, 0.4)
    above = line.astype(np.float32) - t + rough
    sides = ramp(np.abs(dx) + rough, temples, temples + 0.1) * ramp(t, 0.28, 0.02)
    soft = 0.12 if hair.style == "buzz" else 0.035
    cover = np.maximum(ramp(above, -soft, soft), sides)
    shadow = np.maximum(ramp(above, -0.12, 0.03), sides) * ramp(radius, 1.0, 0.96)
    return (inside * cover).astype(np.float32), shadow.astype(np.float32)


def _strands(canvas: Canvas, traits: Traits, flow: Field, generator: np.random.Generator) -> Field:
    """Colours hair that runs along the lines of equal `flow`.

    Args:
        canvas: Gives the coordinates.
        traits: The portrait.
        flow: (height, width), constant along a strand.
        generator: Source of randomness.

    Returns:
        (3, height, width), float32, [0, 1].
    """
    curl = _STYLES[traits.hair.style][3]
    shape = flow.shape
    bend = noise(generator, shape=shape, cells=(8, 8)) * np.float32(0.04 + 0.22 * curl)
    table = generator.standard_normal(1024, dtype=np.float32)
    coarse = generator.standard_normal(128, dtype=np.float32)
    place = flow + bend
    fine_index = (place * np.float32(60 * 3)).astype(np.int32) & 1023
    coarse_index = (place * np.float32(22)).astype(np.int32) & 127
    streaks = np.float32(0.13) * table[fine_index] + np.float32(0.13) * coarse[coarse_index]
    band = bump(canvas.y + bend, traits.head.centre[1] - 0.72 * traits.head.half_height, 0.12)
    side = bump(canvas.x, traits.head.centre[0] + 0.3 * traits.light.direction[0], 0.4)
    gloss = np.float32(0.16) * band * side * (1 + streaks * 2)
    light = 0.9 + streaks + 0.2 * traits.light.direction[0] * canvas.x
    if curl > 0.5:
        light = light + np.float32(0.22) * noise(generator, shape=shape, cells=(30, 30))
    return np.asarray(np.clip(as_layer(traits.hair.colour) * light + gloss, 0, 1), dtype=np.float32)
