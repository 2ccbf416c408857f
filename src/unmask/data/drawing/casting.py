"""Casts people: draws each trait of a portrait at random, and names the choices there are."""

import numpy as np

from unmask.data.drawing.canvas import Colour, mix, scale
from unmask.data.drawing.traits import Expression, Eye, Features, Hair, Head, Light, Scene, Traits

SKIN_TONES: tuple[Colour, ...] = (
    (0.98, 0.85, 0.77),
    (0.95, 0.77, 0.65),
    (0.88, 0.67, 0.52),
    (0.76, 0.55, 0.40),
    (0.60, 0.41, 0.29),
    (0.44, 0.29, 0.21),
)
HAIR_COLOURS: tuple[Colour, ...] = (
    (0.08, 0.06, 0.06),
    (0.17, 0.11, 0.08),
    (0.30, 0.19, 0.12),
    (0.45, 0.27, 0.15),
    (0.56, 0.27, 0.13),
    (0.78, 0.60, 0.36),
    (0.88, 0.77, 0.55),
    (0.58, 0.57, 0.56),
    (0.84, 0.83, 0.81),
)
IRIS_COLOURS: tuple[Colour, ...] = (
    (0.25, 0.14, 0.07),
    (0.38, 0.23, 0.11),
    (0.30, 0.42, 0.55),
    (0.42, 0.56, 0.66),
    (0.36, 0.44, 0.25),
    (0.48, 0.41, 0.22),
)
HAIR_STYLES = ("bald", "buzz", "short", "parted", "fringe", "long", "long", "curly", "bun")
GLASSES = ("none",) * 7 + ("round", "square", "dark")
BEARDS = ("none",) * 6 + ("stubble", "moustache", "full", "goatee")
BACKGROUNDS = ("gradient", "lights", "room", "leaves", "wall")


def draw_traits(generator: np.random.Generator) -> Traits:
    """Draws a person, a pose and a light at random.

    Args:
        generator: Source of randomness.

    Returns:
        Traits with two matching eyes.
    """
    light = _light(generator)
    tone = float(generator.uniform(0, len(SKIN_TONES) - 1))
    low = int(tone)
    skin = mix(SKIN_TONES[low], SKIN_TONES[low + 1], tone - low)
    eye = _eye(generator, light)
    hair = _hair(generator, tone / (len(SKIN_TONES) - 1))
    return Traits(
        head=_head(generator),
        skin=_jitter(generator, skin, 0.02),
        left_eye=eye,
        right_eye=eye,
        expression=_expression(generator),
        light=light,
        features=_features(generator, skin),
        hair=hair,
        scene=_scene(generator),
        texture_seed=int(generator.integers(2**31)),
    )


def _head(generator: np.random.Generator) -> Head:
    size = generator.uniform(0.94, 1.18)
    return Head(
        centre=(float(generator.uniform(-0.12, 0.12)), float(generator.uniform(-0.08, 0.06))),
        half_width=float(size * generator.uniform(0.44, 0.53)),
        half_height=float(size * generator.uniform(0.59, 0.66)),
        taper=float(generator.uniform(0.12, 0.38)),
        yaw=float(np.clip(generator.normal(0, 0.45), -1, 1)),
        roll_degrees=float(np.clip(generator.normal(0, 4), -8, 8)),
    )


def _eye(generator: np.random.Generator, light: Light) -> Eye:
    colour = IRIS_COLOURS[int(generator.integers(len(IRIS_COLOURS)))]
    return Eye(
        iris=_jitter(generator, colour, 0.04),
        pupil=float(generator.uniform(0.36, 0.55)),
        gaze=(float(generator.uniform(-0.45, 0.45)), float(generator.uniform(-0.2, 0.25))),
        highlight=(0.5 * light.direction[0], 0.5 * light.direction[1]),
        highlight_strength=float(generator.uniform(0.6, 1.0)),
    )


def _expression(generator: np.random.Generator) -> Expression:
    smile = float(np.clip(generator.normal(0.4, 0.4), -0.4, 1))
    is_open = generator.random() < 0.4
    return Expression(
        smile=smile,
        mouth_open=float(generator.uniform(0.2, 1.0)) if is_open else 0.0,
        eye_open=float(np.clip(generator.normal(0.72, 0.15) - 0.12 * max(smile, 0), 0.35, 1)),
        brow_raise=float(np.clip(generator.normal(0, 0.4), -1, 1)),
        frown=float(np.clip(generator.normal(-0.1, 0.25), -0.6, 0.6)),
    )


def _light(generator: np.random.Generator) -> Light:
    angle = generator.uniform(-1.2, 1.2)
    reach = generator.uniform(0.25, 0.95)
    return Light(
        direction=(float(np.sin(angle) * reach), float(-np.cos(angle) * reach * 0.75)),
        fill=float(generator.uniform(0.3, 0.7)),
        warmth=float(np.clip(generator.normal(0, 0.5), -1, 1)),
        exposure=float(np.exp(generator.normal(-0.03, 0.12))),
    )


def _features(generator: np.random.Generator, skin: Colour) -> Features:
    lip = mix(skin, (0.70, 0.25, 0.27), float(generator.uniform(0.3, 0.6)))
    if generator.random() < 0.25:
        lip = mix(skin, (0.70, 0.08, 0.16), float(generator.uniform(0.6, 0.9)))
    sizes = generator.uniform(0.85, 1.18, 6)
    return Features(
        eye_size=float(sizes[0]),
        eye_spacing=float(generator.uniform(0.92, 1.08)),
        eye_slant=float(generator.normal(0, 0.09)),
        brow_weight=float(generator.uniform(0.5, 1.35)),
        nose_width=float(sizes[1]),
        nose_length=float(generator.uniform(0.88, 1.12)),
        mouth_width=float(sizes[2]),
        lip_fullness=float(generator.uniform(0.7, 1.3)),
        lip_colour=scale(lip, 0.92),
        freckles=float(generator.uniform(0.3, 1)) if generator.random() < 0.2 else 0.0,
        blush=float(generator.uniform(0, 1)),
        age=float(generator.beta(1.2, 2.2)),
    )


def _hair(generator: np.random.Generator, darkness: float) -> Hair:
    choices = len(HAIR_COLOURS) if darkness < 0.55 else 4
    colour = HAIR_COLOURS[int(generator.integers(choices))]
    if generator.random() < 0.03:
        colour = (float(generator.uniform(0.2, 0.7)), 0.25, float(generator.uniform(0.35, 0.6)))
    return Hair(
        style=str(generator.choice(HAIR_STYLES)),
        colour=_jitter(generator, colour, 0.02),
        volume=float(generator.uniform(0.6, 1.4)),
        hairline=float(generator.uniform(0.8, 1.2)),
        parting=float(generator.uniform(-0.8, 0.8)),
        beard=str(generator.choice(BEARDS)),
    )


def _scene(generator: np.random.Generator) -> Scene:
    base = tuple(float(v) for v in generator.uniform(0.25, 0.75, 3))
    grey = sum(base) / 3
    wash = float(generator.uniform(0.5, 0.92))
    first: Colour = mix((base[0], base[1], base[2]), (grey, grey, grey), wash)
    second = scale(_jitter(generator, first, 0.06), float(generator.uniform(0.5, 1.4)))
    third = _jitter(generator, second, 0.1)
    clothes = tuple(float(v) for v in generator.uniform(0.05, 0.9, 3))
    return Scene(
        background=str(generator.choice(BACKGROUNDS)),
        palette=(first, second, third),
        clothes=mix((clothes[0], clothes[1], clothes[2]), first, float(generator.uniform(0.2, 0.6))),
        collar=float(generator.uniform(0.4, 1.4)),
        glasses=str(generator.choice(GLASSES)),
        frame=HAIR_COLOURS[int(generator.integers(6))],
    )


def _jitter(generator: np.random.Generator, colour: Colour, spread: float) -> Colour:
    """Moves a colour by normal noise, keeping it in [0, 1]."""
    red, green, blue = np.clip(np.array(colour) + generator.normal(0, spread, 3), 0.02, 0.98)
    return (float(red), float(green), float(blue))
