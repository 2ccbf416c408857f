"""The file and its header: bytes, dimensions, JPEG tables, chroma subsampling, EXIF; nothing of the pixels."""

import numpy as np
from PIL import Image, JpegImagePlugin

from unmask.data.audit.picture import Features, Picture
from unmask.data.pictures.decoding import jpeg_quality, picture_format
from unmask.data.pictures.headers import FORMATS

TABLE_ENTRIES = 64
MEANING = "the file's size, dimensions, format, JPEG tables, chroma subsampling and EXIF"
ADVICE = (
    "The classes were saved in different ways, and a model can learn the file instead of the face. Set "
    "preprocess.equalise to a JPEG quality (90, say): both classes then pass through one identical decode, resize and "
    "encode chain."
)
NAMES = (
    "bytes",
    "bytes per pixel",
    "width",
    "height",
    *(f"is {name}" for name in FORMATS),
    "is colour",
    "is progressive",
    "chroma subsampling",
    "JPEG quality",
    "EXIF entries",
    "has colour profile",
    "has comment",
    "pixel density",
    *(f"luminance table {entry}" for entry in range(TABLE_ENTRIES)),
    *(f"chroma table {entry}" for entry in range(TABLE_ENTRIES)),
)


def features(picture: Picture) -> Features:
    """Measures a file.

    Args:
        picture: its bytes and header are read.

    Returns:
        features: (len(NAMES),), float64.
    """
    header = picture.header
    height, width = picture.pixels.shape[:2]
    information = header.info
    return np.array(
        [
            picture.num_bytes,
            picture.num_bytes / (width * height),
            width,
            height,
            *(picture_format(header) == name for name in FORMATS),
            header.mode not in ("1", "L", "LA", "I", "I;16", "F"),
            bool(information.get("progressive") or information.get("progression")),
            chroma_subsampling(header),
            jpeg_quality(header) or 0,
            len(header.getexif()),
            "icc_profile" in information,
            bool(information.get("comment")),
            pixel_density(header),
            *table(header, number=0),
            *table(header, number=1),
        ],
        dtype=np.float64,
    )


def pixel_density(header: Image.Image) -> float:
    """Reads the pixels an inch that the file claims; 0 where it claims none. A PNG's text may be called dpi as well."""
    density = header.info.get("dpi")
    return float(np.mean(density)) if isinstance(density, tuple) else 0.0


def chroma_subsampling(header: Image.Image) -> int:
    """Reads a JPEG's chroma subsampling: 0 none (4:4:4), 1 (4:2:2), 2 (4:2:0), -1 another or no JPEG."""
    is_jpeg = picture_format(header) == "JPEG"
    return int(JpegImagePlugin.get_sampling(header)) if is_jpeg else -1


def table(header: Image.Image, *, number: int) -> list[int]:
    """Reads a JPEG's quantisation table; zeros where there is none."""
    tables: dict[int, list[int]] = getattr(header, "quantization", None) or {}
    entries = list(tables.get(number, ()))
    return (entries + [0] * TABLE_ENTRIES)[:TABLE_ENTRIES]
