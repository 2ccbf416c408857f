"""Small pictures for a page, as data: addresses, so that the page needs no other file."""

import base64
import io
from collections.abc import Iterable
from pathlib import Path

from unmask.data.archives.contents import locate
from unmask.data.archives.reader import ArchiveReader
from unmask.data.pictures.decoding import decode
from unmask.errors import ImageError

SIDE = 112  # pixels
QUALITY = 80


def make_previews(archive: Path, members: Iterable[str], *, max_pixels: int) -> dict[str, str]:
    """Makes small pictures of some members.

    Args:
        archive: the zip that holds them.
        members: names.
        max_pixels: the most pixels that will be decoded.

    Returns:
        Member to a `data:` address; without those that cannot be decoded.
    """
    made = {}
    with ArchiveReader(archive) as reader:
        for entry in locate(archive, dict.fromkeys(members)):
            try:
                image = decode(reader.read(entry), max_pixels=max_pixels)
            except ImageError:
                continue
            image.thumbnail((SIDE, SIDE))
            buffer = io.BytesIO()
            image.save(buffer, "JPEG", quality=QUALITY)
            made[entry.name] = f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
    return made
