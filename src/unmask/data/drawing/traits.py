"""What a drawn person looks like. It paints nothing; `casting` draws the traits at random."""

from dataclasses import dataclass

from unmask.data.drawing.canvas import Colour


@dataclass(frozen=True)
class Eye:
    """One eye: iris colour, pupil share of the iris, gaze and highlight offsets in iris radii."""

    iris: Colour
    pupil: float
    gaze: tuple[float, float]
    highlight: tuple[float, float]
    highlight_strength: float


@dataclass(frozen=True)
class Head:
    """Outline and pose: centre and half axes in face units, jaw taper, yaw [-1, 1], roll in degrees."""

    centre: tuple[float, float]
    half_width: float
    half_height: float
    taper: float
    yaw: float
    roll_degrees: float


@dataclass(frozen=True)
class Expression:
    """Smile [-1, 1], mouth and eye openness [0, 1], brow raise and frown [-1, 1]."""

    smile: float
    mouth_open: float
    eye_open: float
    brow_raise: float
    frown: float


@dataclass(frozen=True)
class Light:
    """The key light: direction (x, y towards the light), fill [0, 1], warmth [-1, 1], exposure."""

    direction: tuple[float, float]
    fill: float
    warmth: float
    exposure: float


@dataclass(frozen=True)
class Features:
    """Sizes relative to an average face (1.0), and skin marks in [0, 1]."""

    eye_size: float
    eye_spacing: float
    eye_slant: float
    brow_weight: float
    nose_width: float
    nose_length: float
    mouth_width: float
    lip_fullness: float
    lip_colour: Colour
    freckles: float
    blush: float
    age: float


@dataclass(frozen=True)
class Hair:
    """Style, colour, volume and hairline height (relative), parting side [-1, 1], beard."""

    style: str
    colour: Colour
    volume: float
    hairline: float
    parting: float
    beard: str


@dataclass(frozen=True)
class Scene:
    """What surrounds the face: background, clothes, glasses."""

    background: str
    palette: tuple[Colour, Colour, Colour]
    clothes: Colour
    collar: float
    glasses: str
    frame: Colour


@dataclass(frozen=True)
class Traits:
    """A whole portrait's description; `texture_seed` fixes its noise (strands, pores, blobs)."""

    head: Head
    skin: Colour
    left_eye: Eye
    right_eye: Eye
    expression: Expression
    light: Light
    features: Features
    hair: Hair
    scene: Scene
    texture_seed: int
