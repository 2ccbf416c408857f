"""Writes a picture as JPEG bytes, the same way for real and fake."""

import io

import numpy as np
from PIL import Image

from unmask.data.drawing.camera import Camera
from unmask.data.drawing.canvas import Field


def to_jpeg(picture: Field, camera: Camera) -> bytes:
    """Encodes a picture with the camera's file settings.

    Args:
        picture: (height, width, 3), float32, display values in [0, 1].
        camera: Gives quality and chroma sampling.

    Returns:
        A JPEG file without metadata.
    """
    pixels = (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
    file = io.BytesIO()
    subsampling = "4:2:0" if camera.is_chroma_halved else "4:4:4"
    Image.fromarray(pixels).save(file, "JPEG", quality=camera.jpeg_quality, subsampling=subsampling)
    return file.getvalue()
