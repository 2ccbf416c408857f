"""Valid pictures and archives of every kind that is accepted, to be mutated; the same bytes on every run."""

import io
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))

from forged_zip import DEFLATED, SIZES_FOLLOW, Forged

SIZE = (44, 36)
# Adam7 of 2 x 2 grey pixels, which Pillow does not write.
INTERLACED = bytes.fromhex(
    "89504e470d0a1a0a0000000d494844520000000200000002080000000120da626e0000000f49444154789c63e062106190d3000000f700"
    "659f55b2050000000049454e44ae426082"
)


def picture(seed: int) -> Image.Image:
    """Draws smooth noise."""
    noise = np.random.default_rng(seed).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize(SIZE, Image.Resampling.BICUBIC)


def encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    """Encodes a picture."""
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def notes() -> dict[str, Any]:
    """Makes metadata: a turned picture, a text, and what passes for a colour profile."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a note"
    exif.get_ifd(0x8769)[0x9286] = b"a longer note"
    return {"exif": exif, "icc_profile": bytes(range(256)) * 2}


@cache
def jpegs() -> dict[str, bytes]:
    """Makes JPEGs."""
    plain = picture(1)
    return {
        "jpeg": encoded(plain, "JPEG"),
        "jpeg progressive": encoded(plain, "JPEG", progressive=True),
        "jpeg grey": encoded(plain.convert("L"), "JPEG", quality=95),
        "jpeg cmyk": encoded(plain.convert("CMYK"), "JPEG"),
        "jpeg restarts": encoded(plain, "JPEG", restart_marker_blocks=2, subsampling=0),
        "jpeg notes": encoded(plain, "JPEG", dpi=(72, 72), comment=b"a comment", **notes()),
        "jpeg of two": encoded(plain, "MPO", save_all=True, append_images=[picture(2)]),
    }


@cache
def pngs() -> dict[str, bytes]:
    """Makes PNGs."""
    plain = picture(3)
    opaque = plain.convert("RGBA")
    palette = plain.quantize(32)
    deep = Image.fromarray(np.arange(44 * 36, dtype=np.uint16).reshape(36, 44) * 41)
    return {
        "png": encoded(plain, "PNG"),
        "png grey": encoded(plain.convert("L"), "PNG"),
        "png bits": encoded(plain.convert("1"), "PNG"),
        "png palette": encoded(palette, "PNG", transparency=bytes([255] * 32)),
        "png opaque": encoded(opaque, "PNG"),
        "png deep": encoded(deep, "PNG"),
        "png notes": encoded(plain, "PNG", dpi=(72, 72), **notes()),
        "png interlaced": INTERLACED,
        "png animated": encoded(plain, "PNG", save_all=True, append_images=[picture(4)]),
    }


@cache
def webps() -> dict[str, bytes]:
    """Makes WebPs."""
    plain = picture(5)
    return {
        "webp": encoded(plain, "WEBP"),
        "webp lossless": encoded(plain, "WEBP", lossless=True),
        "webp opaque": encoded(plain.convert("RGBA"), "WEBP", lossless=True, exact=True),
        "webp notes": encoded(plain, "WEBP", **notes()),
        "webp animated": encoded(plain, "WEBP", save_all=True, append_images=[picture(6)]),
    }


def pictures() -> dict[str, bytes]:
    """Gives every base picture by its name."""
    return jpegs() | pngs() | webps()


TABLE = b",path,label,label_str,source_video\n0,real/a.jpg,1,real,film one\n1,fake/a.jpg,0,fake,film two\n"


def members(*, method: int = 0, flags: int = 0) -> list[Forged]:
    """Gives the members of a small set of faces."""
    files = {
        "set/train/real/a.jpg": jpegs()["jpeg"],
        "set/train/real/b.png": pngs()["png grey"],
        "set/valid/real/c.jpg": jpegs()["jpeg notes"],
        "set/train/fake/a.jpg": jpegs()["jpeg grey"],
        "set/test/fake/\u00e4.webp": webps()["webp"],
        "set/test/fake/": b"",
        "sources.csv": TABLE,
        "README.txt": b"nothing to see",
    }
    return [Forged(name, content, method=method, flags=flags) for name, content in files.items()]


@cache
def layouts() -> dict[str, tuple[list[Forged], dict[str, Any]]]:
    """Gives the members, and the options of `write_zip`, of every kind of archive."""
    return {
        "stored": (members(), {}),
        "deflated": (members(method=DEFLATED), {}),
        "streamed": (members(method=DEFLATED, flags=SIZES_FOLLOW), {}),
        "in 64 bits": (members(), {"in_64_bits": 1}),
        "behind a picture": (members(), {"prefix": jpegs()["jpeg"], "comment": b"a comment PK\x05\x06"}),
    }
