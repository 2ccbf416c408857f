"""A camera's chain: lens blur, vignette, a Bayer sensor's noise, demosaicing, sharpening."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from unmask.data.drawing.canvas import Field

GAMMA = 2.2
_CROSS = np.array([[0, 1, 0], [1, 4, 1], [0, 1, 0]], np.float32) / 4
_SQUARE = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]], np.float32) / 4


@dataclass(frozen=True)
class Camera:
    """One camera and its file settings.

    Attributes:
        blur_pixels: Standard deviation of the lens blur.
        vignette: Share of light lost in the corners.
        shot_noise: Variance of the photon noise at full light, linear light.
        read_noise: Standard deviation of the dark noise, linear light.
        sharpening: Amount of unsharp masking.
        jpeg_quality: 1 to 100.
        is_chroma_halved: Whether the file stores colour at half resolution (4:2:0).
    """

    blur_pixels: float
    vignette: float
    shot_noise: float
    read_noise: float
    sharpening: float
    jpeg_quality: int
    is_chroma_halved: bool


def draw_camera(generator: np.random.Generator) -> Camera:
    """Draws a camera at random.

    Args:
        generator: Source of randomness.

    Returns:
        The camera.
    """
    return Camera(
        blur_pixels=float(generator.uniform(0.35, 0.8)),
        vignette=float(generator.uniform(0, 0.15)),
        shot_noise=float(np.exp(generator.uniform(np.log(0.0003), np.log(0.0016)))),
        read_noise=float(generator.uniform(0.002, 0.008)),
        sharpening=float(generator.uniform(0, 0.5)),
        jpeg_quality=int(generator.integers(82, 97)),
        is_chroma_halved=bool(generator.random() < 0.5),
    )


def expose(scene: Field, camera: Camera) -> Field:
    """Takes a scene through the lens, without any noise.

    Args:
        scene: (height, width, 3), float32, display values in [0, 1].
        camera: The camera.

    Returns:
        (height, width, 3), float32, linear light in [0, 1].
    """
    blur = (camera.blur_pixels, camera.blur_pixels, 0)
    light = ndimage.gaussian_filter(scene, blur, truncate=3, mode="nearest") ** np.float32(GAMMA)
    rows = np.linspace(-1, 1, scene.shape[0], dtype=np.float32)[:, None, None]
    columns = np.linspace(-1, 1, scene.shape[1], dtype=np.float32)[None, :, None]
    loss = np.float32(camera.vignette / 2) * (rows * rows + columns * columns)
    return np.asarray(light * (1 - loss), dtype=np.float32)


def develop(light: Field, camera: Camera) -> Field:
    """Turns linear light into display values and sharpens.

    Args:
        light: (height, width, 3), float32, linear light.
        camera: The camera.

    Returns:
        (height, width, 3), float32, display values in [0, 1].
    """
    picture = np.clip(light, 0, 1) ** np.float32(1 / GAMMA)
    soft = ndimage.gaussian_filter(picture, (1.0, 1.0, 0), truncate=2, mode="nearest")
    sharpened = picture + np.float32(camera.sharpening) * (picture - soft)
    return np.asarray(np.clip(sharpened, 0, 1), dtype=np.float32)


def photograph(scene: Field, camera: Camera, generator: np.random.Generator) -> Field:
    """Takes a photograph: lens, noise on a Bayer mosaic, bilinear demosaicing, development.

    Args:
        scene: (height, width, 3), float32, display values in [0, 1].
        camera: The camera.
        generator: Source of the noise.

    Returns:
        (height, width, 3), float32, display values in [0, 1].
    """
    light = expose(scene, camera)
    mosaic = light[..., 1].copy()
    mosaic[0::2, 0::2] = light[0::2, 0::2, 0]
    mosaic[1::2, 1::2] = light[1::2, 1::2, 2]
    spread = np.sqrt(camera.shot_noise * mosaic + camera.read_noise**2)
    mosaic += spread * generator.standard_normal(mosaic.shape, dtype=np.float32)
    return develop(_demosaic(mosaic), camera)


def _demosaic(mosaic: Field) -> Field:
    """Fills in each colour of an RGGB mosaic from its neighbours: noise becomes correlated."""
    red, green, blue = np.zeros_like(mosaic), mosaic.copy(), np.zeros_like(mosaic)
    red[0::2, 0::2] = mosaic[0::2, 0::2]
    blue[1::2, 1::2] = mosaic[1::2, 1::2]
    green[0::2, 0::2] = 0
    green[1::2, 1::2] = 0
    planes = (
        ndimage.convolve(red, _SQUARE, mode="mirror"),
        ndimage.convolve(green, _CROSS, mode="mirror"),
        ndimage.convolve(blue, _SQUARE, mode="mirror"),
    )
    return np.stack(planes, axis=-1)
