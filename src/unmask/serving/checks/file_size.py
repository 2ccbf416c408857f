"""A detector looks at the picture: what else a file holds, and how large it is, says nothing."""

from unmask.serving.checks.encoding import as_jpeg, as_png, pixels_of
from unmask.serving.checks.finding import ROUNDING, Finding, Pictures, found, largest_change, scores
from unmask.serving.detector import Detector

LIMIT = ROUNDING
PADDING = 20_000  # bytes, about as many as a small picture has; a JPEG's comment holds up to 65,533


def check(detector: Detector, pictures: Pictures) -> Finding:
    """Compares files with the same files and a comment in a JPEG, a text in a PNG, and bytes behind the end."""
    contents = list(pictures.contents)
    pixels = [pixels_of(content) for content in contents]
    pairs = (
        (contents, [content + bytes(PADDING) for content in contents]),
        (list(map(as_jpeg, pixels)), [as_jpeg(one, comment=b"x" * PADDING) for one in pixels]),
        (list(map(as_png, pixels)), [as_png(one, text="x" * PADDING) for one in pixels]),
    )
    change = max(largest_change(scores(detector, plain), scores(detector, padded)) for plain, padded in pairs)
    return found("file_size", "notes in a file and bytes behind its end change no score", value=change, limit=LIMIT)
