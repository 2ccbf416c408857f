"""Pictures made to harm whoever opens them."""

import io
import struct
import warnings
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image

from unmask.data.pictures.decoding import decode, open_image, orientation
from unmask.errors import ImageError

MAX_PIXELS = 1_000_000
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def read(content):
    return decode(content, max_pixels=MAX_PIXELS)


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(*chunks, width=1, height=1, depth=8, colour=2, interlace=0, rows=b"\x00\x01\x02\x03"):
    header = struct.pack(">2I5B", width, height, depth, colour, 0, 0, interlace)
    data = chunk(b"IDAT", zlib.compress(rows, 9))
    return PNG_SIGNATURE + chunk(b"IHDR", header) + b"".join(chunks) + data + chunk(b"IEND", b"")


def test_a_handmade_png_is_read():
    assert np.asarray(read(png())).tolist() == [[[1, 2, 3]]]


def test_reads_an_interlaced_png():
    # Adam7 of 2 x 2 pixels: pass 1 holds (0, 0), pass 6 (1, 0), pass 7 the second row; each row begins with a filter.
    rows = b"\x00\x0a\x00\x14\x00\x1e\x28"
    assert np.asarray(read(png(width=2, height=2, colour=0, interlace=1, rows=rows)))[..., 0].tolist() == [
        [10, 20],
        [30, 40],
    ]


def test_reads_the_high_bytes_of_a_png_with_16_bits_a_channel():
    assert np.asarray(read(png(depth=16, rows=b"\x00\x01\xff\x02\xff\x03\xff"))).tolist() == [[[1, 2, 3]]]


@pytest.mark.parametrize(("width", "height"), [(0, 1), (1, 0), (0, 0)])
def test_refuses_a_png_of_no_size(width, height):
    with pytest.raises(ImageError, match="damaged header"):
        read(png(width=width, height=height))


def jpeg_of_size(content, width, height):
    at = content.index(b"\xff\xc0") + 5
    return content[:at] + struct.pack(">2H", height, width) + content[at + 4 :]


@pytest.mark.parametrize(("width", "height"), [(0, 48), (48, 0)])
def test_refuses_a_jpeg_of_no_size(make_image, width, height):
    with pytest.raises(ImageError, match="damaged header"):
        read(jpeg_of_size(make_image(), width, height))


def webp_of_size(content, width, height):
    return content[:24] + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little") + content[30:]


def test_refuses_sizes_that_only_a_header_has(make_image):
    webp = make_image(format="WEBP", exif=b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00")
    for content, size in (
        (jpeg_of_size(make_image(), 65_535, 65_535), "65535x65535"),
        (png(width=2**31 - 1, height=2**31 - 1), "2147483647x2147483647"),
        (webp_of_size(webp, 16_383, 16_383), "16383x16383"),
        (webp_of_size(webp, 2**24, 2**24), "16777216x16777216"),
    ):
        with pytest.raises(ImageError, match=f"^{size} is more than"):
            read(content)


def test_refuses_a_side_that_takes_gigabytes_to_resize():
    # Pillow's resize keeps a weight for each pixel under its kernel: for a side of 40,000,000 pixels these are 2 GB.
    with pytest.raises(ImageError, match="900000x1: a side is longer than the 65535 pixels allowed"):
        read(png(width=900_000, height=1, colour=0, rows=bytes(900_001)))


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"iCCP"])
def test_refuses_a_png_whose_notes_unpack_a_thousandfold(kind):
    # The notes' key, its end, and flags; then 100 MB in 100 KB.
    start = {b"zTXt": b"note\x00\x00", b"iTXt": b"note\x00\x01\x00\x00\x00", b"iCCP": b"icc\x00\x00"}[kind]
    bomb = chunk(kind, start + zlib.compress(bytes(100_000_000), 9))
    assert len(bomb) < 100_000
    with pytest.raises(ImageError, match="Decompressed data too large"):
        read(png(bomb))


def test_a_jpeg_with_a_zip_appended_is_a_jpeg(make_image):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("other.txt", "text")
    assert read(make_image() + buffer.getvalue()).size == (48, 48)


def test_a_jpeg_with_a_script_in_its_comment_is_a_jpeg(make_image):
    script = b"*/=alert(1)/*"
    content = make_image()
    assert read(content[:2] + b"\xff\xfe" + struct.pack(">H", len(script) + 2) + script + content[2:]).size == (48, 48)


def exif(*entries, order="<", next_offset=0):
    """Writes an EXIF block of entries (tag, type, count, value)."""
    head = (b"II*\x00" if order == "<" else b"MM\x00*") + struct.pack(f"{order}I", 8)
    body = b"".join(struct.pack(f"{order}2H2I", *entry) for entry in entries)
    return (
        b"Exif\x00\x00" + head + struct.pack(f"{order}H", len(entries)) + body + struct.pack(f"{order}I", next_offset)
    )


BOMBS = {
    "more values than bytes": exif((0x0112, 3, 2**32 - 1, 8)),
    "values beyond the end": exif((0x0112, 4, 1000, 2**32 - 1)),
    "unknown type": exif((0x0112, 99, 1, 1)),
    "a directory that follows itself": exif((0x0112, 3, 1, 6), next_offset=8),
    "directories within themselves": exif((0x8769, 4, 1, 8), (0x8825, 4, 1, 8), (0xA005, 4, 1, 8)),
    "many entries": exif(*((tag, 3, 1, 1) for tag in range(5000))),
    "orientation of no meaning": exif((0x0112, 3, 1, 77)),
    "orientation that is text": exif((0x0112, 2, 4, 0x00363636)),
    "orientation divided by nought": exif((0x0112, 5, 1, 8)),
    "directory that is not there": b"Exif\x00\x00II*\x00\xff\xff\xff\xff",
    "no directory": b"Exif\x00\x00",
}


def size_or_reason(content):
    try:
        return str(read(content).size)
    except ImageError as error:
        return str(error)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_exif_that_lies_turns_nothing_and_is_not_spoken_of(make_image, bomb, format):
    # Warnings are errors here, and lines on the terminal in a stage: neither may happen.
    content = make_image(format=format, exif=bomb)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        outcome = size_or_reason(content)
    assert outcome == "(48, 48)" or "EXIF" in outcome
    assert not caught


def test_damaged_exif_is_refused_wherever_it_is_asked_for(make_image):
    image = open_image(make_image(dpi=(72, 72), exif=b"Exif\x00\x00nonsense!"), max_pixels=MAX_PIXELS)
    with pytest.raises(ImageError, match="damaged EXIF"):
        orientation(image)


def test_orientation_is_read_from_xmp_too(make_image):
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    assert orientation(open_image(make_image(xmp=xmp), max_pixels=MAX_PIXELS)) == 6


@pytest.mark.parametrize("side", [10_000, 14_000])
def test_a_size_that_pillow_warns_of_is_refused_in_the_same_words_with_and_without_warnings_as_errors(side):
    buffer = io.BytesIO()
    Image.new("1", (side, side)).save(buffer, "PNG")
    for action in ("error", "default", "ignore"):
        with warnings.catch_warnings(record=action != "error") as caught:
            warnings.simplefilter(action)
            with pytest.raises(ImageError, match=rf"^{side}x{side} is more than the 1000000 pixels allowed$"):
                read(buffer.getvalue())
        assert not caught


def test_more_pixels_than_pillow_decodes_are_refused_though_allowed():
    buffer = io.BytesIO()
    Image.new("1", (14_000, 14_000)).save(buffer, "PNG")
    with pytest.raises(ImageError, match="more pixels than Pillow decodes"):
        decode(buffer.getvalue(), max_pixels=10**9)


def test_what_pillow_says_of_damage_is_one_printable_line():
    # The type of a chunk is shown as it is in the file: here with a line's end and an escape.
    damaged = png(chunk(b"\x1b[2\n", b""))
    with pytest.raises(ImageError) as caught:
        read(damaged)
    assert str(caught.value).isprintable()
