import io
import struct

import pytest
from PIL import Image

from unmask.data.pictures import headers
from unmask.data.pictures.headers import check_header, webp_size
from unmask.errors import ImageError

MAX_PIXELS = 1_000_000


def check(content):
    check_header(content, max_pixels=MAX_PIXELS)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_takes_a_whole_picture(make_image, format):
    check(make_image(format=format))


@pytest.mark.parametrize(
    "content",
    [
        b"GIF89a" + bytes(50),
        b"<html><script>alert(1)</script></html>",
        b"/*" + b"\xff\xd8\xff" + b"*/alert(1)",
        b"PK\x03\x04" + bytes(50),
        b"%PDF-1.7",
        b"RIFF\x00\x00\x00\x00WAVE" + bytes(50),
        b"\xff\xd8",
    ],
    ids=["gif", "html", "javascript", "zip", "pdf", "wav", "two bytes"],
)
def test_refuses_what_does_not_begin_as_a_picture(content):
    with pytest.raises(ImageError, match="not a JPEG, PNG, WEBP image"):
        check(content)


def after_start(content, inserted):
    """Puts segments after a JPEG's first two bytes."""
    return content[:2] + inserted + content[2:]


def test_refuses_more_segments_than_any_encoder_writes(make_image):
    # Pillow keeps each in two lists: sixteen million empty ones fit into 64 MB.
    notes = b"\xff\xe1\x00\x02"
    check(after_start(make_image(), notes * 1900))
    with pytest.raises(ImageError, match="more than the 2000 segments"):
        check(after_start(make_image(), notes * 2000))


def test_refuses_more_notes_than_any_camera_writes(make_image):
    # Pillow adds EXIF to EXIF by copying both: a thousand times 64 KB takes seconds.
    exif = b"\xff\xe1\xff\xff" + b"Exif\x00\x00" + bytes(0xFFFF - 8)
    check(after_start(make_image(), exif * 200))
    with pytest.raises(ImageError, match="or 16777216 bytes of notes"):
        check(after_start(make_image(), exif * 257))


def progressive_bomb(num_scans):
    """Repeats the last scan of a progressive JPEG: a dozen bytes, for which all blocks are gone through again."""
    buffer = io.BytesIO()
    Image.new("L", (64, 64), 128).save(buffer, "JPEG", progressive=True)
    content = buffer.getvalue()
    last = content.rindex(b"\xff\xda")
    return content[:last] + content[last:-2] * num_scans + b"\xff\xd9"


def test_refuses_more_scans_than_any_encoder_writes():
    check(progressive_bomb(90))
    with pytest.raises(ImageError, match="100 scans"):
        check(progressive_bomb(101))


def test_a_run_of_fill_bytes_takes_no_longer_than_its_length(make_image):
    # ITU-T T.81, section B.1.1.2: any marker may follow any number of FF. Tried from each of them this would take days.
    check(make_image()[:-2] + b"\xff" * 10_000_000 + b"\xff\xd9")


def test_refuses_more_chunks_than_any_encoder_writes(make_image, monkeypatch):
    monkeypatch.setattr(headers, "MAX_PNG_CHUNKS", 10)
    content = make_image(format="PNG")
    empty = struct.pack(">I4sI", 0, b"teSt", 0)
    check(content[:33] + empty * 7 + content[33:])  # with IHDR, IDAT and IEND
    with pytest.raises(ImageError, match="more than the 10 chunks"):
        check(content[:33] + empty * 8 + content[33:])


@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"exif": b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00"}])
def test_reads_the_size_of_a_webp(make_image, options):
    content = make_image(size=(300, 20), format="WEBP", **options)
    assert content[12:16] == {"lossless": b"VP8L", "exif": b"VP8X"}.get(next(iter(options), ""), b"VP8 ")
    assert webp_size(content) == (300, 20)


@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"exif": b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00"}])
def test_refuses_a_large_webp_before_its_decoder_takes_the_memory(make_image, options):
    with pytest.raises(ImageError, match="1100x1000 is more than the 1000000 pixels allowed"):
        check(make_image(size=(1100, 1000), format="WEBP", **options))


def test_refuses_a_webp_that_does_not_say_its_size(make_image):
    content = make_image(format="WEBP")
    for damaged in (content[:25], content[:12] + b"VP8Z" + content[16:]):
        with pytest.raises(ImageError, match="a WebP that does not say its size"):
            check(damaged)
