"""Paints neck, ears and the head's skin: relief, light, pores and marks."""

from dataclasses import dataclass

import numpy as np

from unmask.data.drawing.canvas import Canvas, Field, as_layer, bump, noise, ramp
from unmask.data.drawing.traits import Traits


@dataclass(frozen=True)
class Landmarks:
    """Where the features sit, in face units; eyes are (x, y, half width), left in the picture first."""

    axis: float
    eyes: tuple[tuple[float, float, float], tuple[float, float, float]]
    brow_y: float
    nose_y: float
    mouth_y: float
    chin_y: float


def place_landmarks(traits: Traits) -> Landmarks:
    """Works out where the features sit from the head's outline and yaw.

    Args:
        traits: The portrait.

    Returns:
        Landmarks; the eye turned away from the viewer is narrower.
    """
    head, features = traits.head, traits.features
    centre_x, centre_y = head.centre
    axis = centre_x + 0.16 * head.yaw * head.half_width
    spread = 0.44 * head.half_width * features.eye_spacing
    eye_y = centre_y - 0.04 * head.half_height
    width = 0.225 * head.half_width * features.eye_size
    near, far = 1 + 0.12 * head.yaw, 1 - 0.12 * head.yaw
    nose_y = eye_y + 0.38 * head.half_height * features.nose_length
    return Landmarks(
        axis=axis,
        eyes=((axis - spread * near, eye_y, width * near), (axis + spread * far, eye_y, width * far)),
        brow_y=eye_y - head.half_height * (0.17 + 0.03 * traits.expression.brow_raise),
        nose_y=nose_y,
        mouth_y=nose_y + 0.22 * head.half_height,
        chin_y=centre_y + head.half_height,
    )


def outline(canvas: Canvas, traits: Traits) -> Field:
    """Gives the head's radial coordinate: 0 at its centre, 1 on its outline.

    Args:
        canvas: Gives the coordinates.
        traits: The portrait.

    Returns:
        (height, width), float32, 0 or more.
    """
    head = traits.head
    t = (canvas.y - np.float32(head.centre[1])) * np.float32(1 / head.half_height)
    narrowing = 1 - head.taper * np.clip(t, 0, 1.2) ** 1.7 - 0.05 * np.clip(-t, 0, 1) ** 2
    dx = (canvas.x - np.float32(head.centre[0])) / (np.float32(head.half_width) * narrowing)
    return np.asarray(np.sqrt(dx * dx + t * t), dtype=np.float32)


def paint_neck(canvas: Canvas, traits: Traits) -> None:
    """Paints the neck and the shadow that the chin throws on it."""
    head = traits.head
    top, bottom = head.centre[1], head.centre[1] + 1.55 * head.half_height
    part = canvas.window(
        left=head.centre[0] - 1.2 * head.half_width,
        top=top,
        right=head.centre[0] + 1.2 * head.half_width,
        bottom=bottom,
    )
    dx = np.abs(part.x - np.float32(head.centre[0])) / np.float32(head.half_width)
    flare = 0.62 + 0.12 * np.clip((part.y - bottom + 0.25) / 0.25, 0, 1) ** 2
    mask = ramp((flare - dx).astype(np.float32), 0, 3 * part.step)
    round_off = 1 - 0.45 * np.clip(dx / 0.7, 0, 1) ** 2
    chin = head.centre[1] + head.half_height
    under = 0.85 - 0.38 * bump(part.y, chin, 0.12)
    side = 1 + 0.3 * traits.light.direction[0] * (part.x - np.float32(head.centre[0]))
    part.paint(as_layer(traits.skin) * (round_off * under * side).astype(np.float32), mask)


def paint_ears(canvas: Canvas, traits: Traits) -> None:
    """Paints the ears; yaw hides one and shows the other."""
    head = traits.head
    for side in (-1.0, 1.0):
        visible = 1 + 0.5 * side * -head.yaw
        x = head.centre[0] + side * head.half_width * 0.97
        y = head.centre[1] + 0.06 * head.half_height
        width, height = 0.13 * head.half_width * visible, 0.2 * head.half_height
        part = canvas.window(left=x - 0.15, top=y - 0.25, right=x + 0.15, bottom=y + 0.25)
        dx, dy = (part.x - np.float32(x)) / width, (part.y - np.float32(y)) / height
        radius = np.sqrt(dx * dx + dy * dy).astype(np.float32)
        light = 0.82 + 0.2 * side * traits.light.direction[0] - 0.3 * bump(radius, 0.45, 0.2)
        tone = as_layer(traits.skin) * as_layer((1.0, 0.93, 0.91))
        part.paint(tone * light.astype(np.float32), ramp(radius, 1.0 + part.step * 8, 1.0))


def paint_skin(canvas: Canvas, traits: Traits, places: Landmarks, generator: np.random.Generator) -> None:
    """Paints the lit head.

    Args:
        canvas: The canvas to paint on.
        traits: The portrait.
        places: Where the features sit.
        generator: Source of randomness for pores and marks.
    """
    head = traits.head
    part = canvas.window(
        left=head.centre[0] - 1.1 * head.half_width,
        top=head.centre[1] - 1.08 * head.half_height,
        right=head.centre[0] + 1.1 * head.half_width,
        bottom=head.centre[1] + 1.08 * head.half_height,
    )
    radius = outline(part, traits)
    light, shine = _light(part, traits, _relief(part, traits, places, radius))
    tone = _complexion(part, traits, places, generator)
    grain = generator.standard_normal(radius.shape, dtype=np.float32)
    light += np.float32(0.02 + 0.02 * traits.features.age) * grain
    layer = tone * light + shine * np.float32(0.22)
    width = 1.5 * part.step / head.half_width
    part.paint(layer, ramp(radius, 1 + width, 1 - width))


def _relief(canvas: Canvas, traits: Traits, places: Landmarks, radius: Field) -> Field:
    """Builds the head's height map, face units: skull, brow, sockets, nose, cheeks, lips, chin."""
    head, features, x, y = traits.head, traits.features, canvas.x, canvas.y
    width, height = head.half_width, head.half_height
    relief = np.float32(0.75 * width) * np.sqrt(np.maximum(1.08 - radius * radius, 0.02))
    lean = places.axis + 0.05 * head.yaw * width
    ridge = 0.075 * width * bump(x, lean, 0.085 * width * features.nose_width)
    eye_y = places.eyes[0][1]
    relief += (
        ridge
        * ramp(y, eye_y - 0.1 * height, places.nose_y)
        * ramp(y, places.nose_y + 0.12 * height, places.nose_y - 0.1 * height)
    )
    tip = 0.1 * width * bump(x, lean, 0.14 * width * features.nose_width)
    relief += tip * bump(y, places.nose_y - 0.02 * height, 0.075 * height)
    relief += 0.03 * width * bump(y, places.brow_y, 0.06 * height) * bump(x, places.axis, 0.5 * width)
    for eye_x, _, half in places.eyes:
        socket = bump(x, eye_x, half * 1.1) * bump(y, eye_y - 0.01, 0.1 * height)
        cheek = bump(x, eye_x * 1.05, 0.24 * width) * bump(y, places.nose_y, 0.15 * height)
        smile = 0.05 + 0.05 * max(traits.expression.smile, 0)
        relief += np.float32(smile * width) * cheek - np.float32(0.075 * width) * socket
    relief += 0.05 * width * bump(x, places.axis, 0.25 * width) * bump(y, places.chin_y - 0.13 * height, 0.08 * height)
    return np.asarray(relief, dtype=np.float32)


def _light(canvas: Canvas, traits: Traits, relief: Field) -> tuple[Field, Field]:
    """Lights a height map: Lambert's diffuse share, and a soft specular one."""
    down, across = np.gradient(relief, canvas.step)
    light_x, light_y = traits.light.direction
    length = 1 / np.sqrt(1 + light_x**2 + light_y**2)
    inverse = 1 / np.sqrt(1 + across * across + down * down)
    facing = (1 - across * light_x - down * light_y) * inverse * np.float32(length)
    facing = np.clip(facing, 0, 1)
    fill = traits.light.fill
    diffuse = 0.34 + 0.3 * fill + (0.75 - 0.35 * fill) * facing
    rim = np.float32(0.75) + np.float32(0.25) * np.clip(inverse * 1.6, 0, 1)
    shine = facing**16
    return (diffuse * rim).astype(np.float32), shine.astype(np.float32)


def _complexion(canvas: Canvas, traits: Traits, places: Landmarks, generator: np.random.Generator) -> Field:
    """Mixes the skin's own colour: blotches, blush, freckles, folds and rings under the eyes."""
    head, features, x, y = traits.head, traits.features, canvas.x, canvas.y
    shape = (y.shape[0], x.shape[1])
    tone = as_layer(traits.skin) * (1 + 0.035 * noise(generator, shape=shape, cells=(9, 9)))
    pores = 0.03 * noise(generator, shape=shape, cells=(44, 36)) * (0.6 + 0.8 * features.age)
    redness = np.zeros(shape, np.float32)
    folds = np.ones(shape, np.float32)
    for eye_x, eye_y, half in places.eyes:
        cheek = bump(x, eye_x * 1.04, 0.22 * head.half_width)
        redness += cheek * bump(y, places.nose_y, 0.11 * head.half_height)
        ring = bump(x, eye_x, half) * bump(y, eye_y + 0.11 * head.half_height, 0.03)
        folds -= np.float32(0.05 + 0.16 * features.age) * ring
        side = np.sign(eye_x - places.axis)
        run = places.axis + side * (0.2 + 0.5 * (y - places.nose_y)) * head.half_width
        crease = np.exp(-(((x - run) / (0.035 * head.half_width)) ** 2))
        span = bump(y, places.nose_y + 0.1 * head.half_height, 0.09 * head.half_height)
        folds -= np.float32(0.05 + 0.2 * features.age) * (crease * span).astype(np.float32)
    redness = redness * np.float32(0.25 * features.blush) + bump(y, places.nose_y, 0.1) * (
        np.float32(0.12) * bump(x, places.axis, 0.12)
    )
    tone = tone * (1 - as_layer((-0.08, 0.3, 0.26)) * redness)
    if features.freckles:
        spots = ramp(noise(generator, shape=shape, cells=(60, 50)), 1.2, 2.2)
        band = bump(y, places.nose_y - 0.05, 0.2)
        tone = tone * (1 - as_layer((0.25, 0.38, 0.45)) * (spots * band * features.freckles))
    return np.asarray(tone * (folds + pores), dtype=np.float32)
