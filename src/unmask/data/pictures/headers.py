"""What an encoded picture says of itself, checked before a decoder trusts it.

A decoder takes memory by what a header says, and time by how many pieces there are; both cost a forger a few bytes.
Here the pieces are counted and the size is read without decoding anything.
"""

import re

from unmask.errors import ImageError

FORMATS = ("JPEG", "PNG", "WEBP")
JPEG_SIGNATURE, PNG_SIGNATURE = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"

# ITU-T T.81, section B.1.1.2: a marker is FF, any number of times, and a code. In a scan FF is followed by 00, or by a
# restart's code, D0 to D7; these, and TEM (01), end nothing. The last FF is enough to find it by, and twelve times
# faster: a pattern that begins with one fixed byte is looked for with memchr.
JPEG_MARKER = re.compile(rb"\xff([^\xff\x00\x01\xd0-\xd7])", re.DOTALL)
JPEG_START, JPEG_END, JPEG_SCAN = b"\xd8", b"\xd9", b"\xda"
# Section B.2.2: what begins a frame; C4, C8 and CC are other segments. Its size lies behind its length and precision.
JPEG_FRAMES = frozenset(bytes([code]) for code in range(0xC0, 0xD0)) - {b"\xc4", b"\xc8", b"\xcc"}
JPEG_NOTES = frozenset(bytes([code]) for code in (*range(0xE0, 0xF0), 0xFE))  # applications' data, and comments

MAX_SIDE_PIXELS = 65_535  # the most that a JPEG can have; resizing a longer side takes gigabytes
# Encoders write up to about twenty scans. Each goes through all blocks again, and an empty one takes a dozen bytes.
MAX_JPEG_SCANS = 100
MAX_JPEG_SEGMENTS = 2_000  # an ICC profile takes up to 255, a phone's depth map about as many
MAX_JPEG_NOTES_BYTES = 1 << 24
MAX_PNG_CHUNKS = 100_000  # a picture of 400 MB, in chunks of 4 KB


def check_header(content: bytes, *, max_pixels: int) -> None:
    """Checks what an encoded picture says of itself, without decoding it.

    Args:
        content: a file of any kind.
        max_pixels: the most pixels that will be decoded.

    Raises:
        ImageError: it is of no allowed format, a JPEG without its end, of more pieces than any encoder writes, or of
            more pixels than allowed.
    """
    if content.startswith(JPEG_SIGNATURE):
        check_jpeg(content, max_pixels=max_pixels)
    elif content.startswith(PNG_SIGNATURE):
        check_png(content, max_pixels=max_pixels)
    elif content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        require_size(*webp_size(content), max_pixels=max_pixels)
    else:
        raise ImageError(f"not a {', '.join(FORMATS)} image")


def require_size(width: int, height: int, *, max_pixels: int) -> None:
    """Stops at a picture that is too large to decode."""
    if width * height > max_pixels:
        raise ImageError(f"{width}x{height} is more than the {max_pixels} pixels allowed")
    if max(width, height) > MAX_SIDE_PIXELS:
        raise ImageError(f"{width}x{height}: a side is longer than the {MAX_SIDE_PIXELS} pixels allowed")


def check_jpeg(content: bytes, *, max_pixels: int) -> None:
    """Walks through a JPEG's segments to its own end, whatever follows it: phones append films and depth maps.

    Source: ITU-T T.81, sections B.1.1.2 to B.1.1.5. Pillow does not say that the end is missing: it decodes what is
    not there as grey.

    Args:
        content: a file that begins as a JPEG.
        max_pixels: the most pixels that a frame may have.

    Raises:
        ImageError: the file stops, or another picture begins, before the end of the first picture; or it has more
            pieces or pixels than allowed.
    """
    position = 2  # behind FF and the start's code
    num_segments = num_scans = num_notes_bytes = 0
    while marker := JPEG_MARKER.search(content, position):
        code = marker[1]
        if code == JPEG_END and num_scans:
            return
        if code in (JPEG_START, JPEG_END):
            break
        # A segment's length counts its own two bytes. A scan's bytes follow its segment, up to the next marker.
        start = marker.end()
        length = int.from_bytes(content[start : start + 2], "big")
        position = start + length
        if code in JPEG_FRAMES:
            height, width = content[start + 3 : start + 5], content[start + 5 : start + 7]
            require_size(int.from_bytes(width, "big"), int.from_bytes(height, "big"), max_pixels=max_pixels)
        num_segments += 1
        num_scans += code == JPEG_SCAN
        num_notes_bytes += length if code in JPEG_NOTES else 0
        if num_segments > MAX_JPEG_SEGMENTS or num_scans > MAX_JPEG_SCANS or num_notes_bytes > MAX_JPEG_NOTES_BYTES:
            raise ImageError(
                f"more than the {MAX_JPEG_SEGMENTS} segments, {MAX_JPEG_SCANS} scans or {MAX_JPEG_NOTES_BYTES} bytes "
                "of notes that a JPEG may have"
            )
    raise ImageError("truncated: a JPEG without its end")


def check_png(content: bytes, *, max_pixels: int) -> None:
    """Checks a PNG's size, and counts its chunks.

    Source: PNG specification, sections 5.3 (a chunk is length, type, content, CRC) and 11.2.1 (the first has the size).
    """
    width, height = content[16:20], content[20:24]
    require_size(int.from_bytes(width, "big"), int.from_bytes(height, "big"), max_pixels=max_pixels)
    position, num_chunks = len(PNG_SIGNATURE), 0
    while position < len(content):
        position += 12 + int.from_bytes(content[position : position + 4], "big")
        num_chunks += 1
        if num_chunks > MAX_PNG_CHUNKS:
            raise ImageError(f"more than the {MAX_PNG_CHUNKS} chunks that a PNG may have")


def webp_size(content: bytes) -> tuple[int, int]:
    """Reads width and height of a WebP: of its canvas, or of its one picture.

    Source: RFC 9649, sections 2.5 to 2.7; RFC 6386, section 9.1, for the lossy picture.

    Raises:
        ImageError: its first chunk is none that says them.
    """
    kind, chunk = content[12:16], content[20:30]
    if len(chunk) == 10 and kind == b"VP8X":
        return 1 + int.from_bytes(chunk[4:7], "little"), 1 + int.from_bytes(chunk[7:10], "little")
    if len(chunk) == 10 and kind == b"VP8 ":
        return (
            int.from_bytes(chunk[6:8], "little") & 0x3FFF,
            int.from_bytes(chunk[8:10], "little") & 0x3FFF,
        )
    if len(chunk) == 10 and kind == b"VP8L":
        bits = int.from_bytes(chunk[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    raise ImageError("damaged header: a WebP that does not say its size")
