"""Hostile pictures: each function makes the bytes of one."""

import gzip
import io
import struct
import zipfile
import zlib
from functools import cache
from random import Random

from PIL import Image

from benchmarks.hostile.bases import chunk, drawn, good_picture, good_pictures, png_of, with_segment, written

SIDES = (0, 1, 97, 600, 6_000, 16_383, 40_000, 65_535, 2**31 - 1, 2**32 - 1)
MEGABYTE = 1 << 20
ODD_PIXELS = (
    *((mode, "JPEG") for mode in ("CMYK", "L", "YCbCr")),
    *((mode, "PNG") for mode in ("1", "LA", "RGBA", "P", "I;16")),
    *((mode, "TIFF") for mode in ("RGB", "CMYK", "F")),
    *(("RGB", kind) for kind in ("BMP", "PPM", "ICO", "TGA", "PCX")),
    ("RGBA", "WEBP"),
    ("P", "GIF"),
)


def flipped(random: Random) -> bytes:
    """Changes one to twenty bytes."""
    content = bytearray(good_picture(random))
    for _ in range(random.randint(1, 20)):
        content[random.randrange(len(content))] ^= random.randint(1, 255)
    return bytes(content)


def truncated(random: Random) -> bytes:
    """Ends too early."""
    content = good_picture(random)
    return content[: random.randrange(1, len(content))]


def of_false_size(random: Random) -> bytes:
    """Claims another width and height than it has, with a right checksum."""
    content, width, height = good_picture(random), random.choice(SIDES), random.choice(SIDES)
    if content.startswith(b"\x89PNG"):
        head = content[12:16] + struct.pack(">2I", width, height) + content[24:29]
        return content[:12] + head + struct.pack(">I", zlib.crc32(head)) + content[33:]
    if content.startswith(b"\xff\xd8"):
        place = 5 + max(content.find(b"\xff\xc0"), content.find(b"\xff\xc2"))
        return content[:place] + struct.pack(">2H", height % 65_536, width % 65_536) + content[place + 4 :]
    if content[12:16] == b"VP8L":
        return content[:21] + struct.pack("<I", (width & 0x3FFF) | (height & 0x3FFF) << 14) + content[25:]
    return content[:26] + struct.pack("<2H", width & 0x3FFF, height & 0x3FFF) + content[30:]


def bomb(random: Random) -> bytes:
    """Unpacks to far more than its bytes: rows, texts, profiles, or scans without end."""
    return random.choice(bombs())


@cache
def bombs() -> tuple[bytes, ...]:
    """Makes the bombs."""
    zeros = zlib.compress(bytes(60 * MEGABYTE), 9)
    row = zlib.compress(bytes(97 * 96), 9)
    scans = good_pictures()[1]
    last_scan = scans[scans.rfind(b"\xff\xda") : -2]
    bits = zlib.compress(bytes(6_000 * 751), 9)
    return (
        png_of((96, 96), zeros),
        png_of((30_000, 30_000), zeros),
        png_of((6_000, 6_000), bits, form=(1, 0)),
        png_of((6_000, 6_000), row, form=(16, 6)),
        png_of((96, 96), row, notes=chunk(b"zTXt", b"note\0\0" + zeros)),
        png_of((96, 96), row, notes=chunk(b"iTXt", b"note\0\1\0\0\0" + zeros)),
        png_of((96, 96), row, notes=chunk(b"iCCP", b"profile\0\0" + zeros)),
        png_of((96, 96), row, notes=chunk(b"tEXt", b"a\0b") * 120_000),
        scans[:-2] + last_scan * 200 + scans[-2:],
    )


def moving(random: Random) -> bytes:
    """Holds several pictures."""
    kind = random.choice(["PNG", "WEBP", "GIF", "MPO", "TIFF"])
    first, *others = (drawn(number) for number in range(random.randint(2, 5)))
    return written(first, kind, save_all=True, append_images=others)


def of_odd_pixels(random: Random) -> bytes:
    """Holds pixels that are not 8-bit RGB, or is of a format that is not taken."""
    mode, kind = random.choice(ODD_PIXELS)
    image = drawn(random.randrange(9))
    if mode == "I;16":
        return written(image.convert("L").convert("I;16"), kind)
    changed = image.convert(mode)
    if "A" in mode and random.random() < 0.5:
        changed.putalpha(random.randint(0, 254))
    return written(changed, kind)


def of_hostile_notes(random: Random) -> bytes:
    """Carries EXIF, XMP or a colour profile that is damaged, endless, or a bomb."""
    endless = b"II*\0\x08\0\0\0" + struct.pack("<H", 1) + struct.pack("<2HIi", 0x8769, 4, 1, 8) + struct.pack("<I", 8)
    entries = struct.pack("<2H2I", 0x0112, 3, 0xFFFFFFFF, 0xFFFFFFF0) * 5_000
    exif = random.choice([endless, b"MM\0*\0\0\0\x08\xff\xff" + entries, b"II*\0" + random.randbytes(500), entries])
    laughs = b"".join(b'<!ENTITY a%d "%s">' % (n + 1, b"&a%d;" % n * 10) for n in range(1, 9))
    xmp = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a1 "ha">' + laughs + b"]><x tiff:Orientation='6'>&a9;</x>"
    profile = random.choice([random.randbytes(3_000), struct.pack(">I", 2**32 - 1) + b"acsp" * 200, b""])
    jpeg, png = good_pictures()[0], good_pictures()[3]
    packed = zlib.compress(profile)
    return random.choice(
        [
            with_segment(jpeg, 0xE1, b"Exif\0\0" + exif[:60_000]),
            with_segment(jpeg, 0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp),
            with_segment(jpeg, 0xE2, b"ICC_PROFILE\0" + random.randbytes(2) + profile),
            with_segment(jpeg, 0xED, b"Photoshop 3.0\0" + random.randbytes(400)),
            png[:33] + chunk(b"eXIf", exif) + png[33:],
            png[:33] + chunk(b"iCCP", b"p\0\0" + packed) + png[33:],
            png[:33] + chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp) + png[33:],
            webp_with(b"EXIF", exif),
            webp_with(b"ICCP", profile),
        ]
    )


def webp_with(kind: bytes, content: bytes) -> bytes:
    """Makes an extended WebP with a chunk of notes."""
    picture = good_pictures()[5][12:]
    flags = {b"EXIF": 0x08, b"ICCP": 0x20}[kind]
    head = b"VP8X" + struct.pack("<I", 10) + bytes([flags, 0, 0, 0]) + b"\x5f\0\0" * 2
    note = kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
    body = b"WEBP" + head + (note + picture if kind == b"ICCP" else picture + note)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def no_picture(random: Random) -> bytes:
    """Is something else: nothing, text, an archive, a program, a document."""
    return random.choice(
        [
            b"",
            b"\0",
            bytes(random.randint(2, 5_000)),
            random.randbytes(random.randint(1, 5_000)),
            b"a face, I promise",
            archive(),
            gzip.compress(bytes(MEGABYTE), mtime=0),
            b"<html><script>alert(1)</script></html>",
            b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
            b"%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\n",
            b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) (r) file\n",
            b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R.",
            b"MZ\x90\0" + bytes(200),
            b"\x7fELF" + bytes(200),
            b"push graphic-context\nimage over 0,0 0,0 'https://127.0.0.1/x'\n",
            b"\xff\xd8\xff",
            b"\x89PNG\r\n\x1a\n",
            b"RIFF\xff\xff\xff\xffWEBP",
        ]
    )


@cache
def archive() -> bytes:
    """Makes a zip, with a path that leads out of it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr(zipfile.ZipInfo("../../a.jpg"), good_pictures()[0])
    return buffer.getvalue()


def polyglot(random: Random) -> bytes:
    """Is two things at once."""
    jpeg, _, _, png, _, webp, _ = good_pictures()
    page = b"<html><script>alert(1)</script></html>"
    return random.choice(
        [
            jpeg + archive(),
            archive() + jpeg,
            png + page,
            with_segment(jpeg, 0xFE, page),
            with_segment(jpeg, 0xFE, b"*/=alert(1)/*"),
            png[:33] + chunk(b"tEXt", b"c\0<?php system('id'); ?>") + png[33:],
            webp + jpeg,
            jpeg + jpeg,
            jpeg[:-2] + png,
            b"GIF89a" + jpeg,
            b"%PDF-1.7\n" + jpeg,
            jpeg[:3] + png[3:],
            png[:8] + jpeg,
        ]
    )


def huge(random: Random) -> bytes:
    """Has nearly as many pixels or bytes as are taken, or more."""
    return random.choice(huge_pictures())


@cache
def huge_pictures() -> tuple[bytes, ...]:
    """Makes them."""
    return (
        written(Image.new("RGB", (6_300, 6_300), (90, 60, 30)), "JPEG"),
        written(Image.new("RGB", (65_500, 600)), "JPEG"),
        written(Image.new("RGB", (6_400, 6_400)), "JPEG"),
        written(Image.new("L", (40_000_000, 1)), "PNG"),
        good_pictures()[0] + bytes(19 * MEGABYTE),
        good_pictures()[0] + bytes(20 * MEGABYTE),
    )
