"""What a picture looks like in 1,024 numbers: its luminance on 32 x 32 pixels, kept for all images in one file.

`index` makes them while it has each picture decoded; `split` looks for copies among them without decoding any again.
"""

from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image

from unmask.errors import ArchiveError

SIDE = 32

Thumbnail = bytes
Thumbnails = npt.NDArray[np.uint8]


def draft_size(image: Image.Image) -> tuple[int, int]:
    """Has a JPEG decode straight to little more than a thumbnail, where it can: to 1/8 that takes half the time.

    All of its bytes are still read, so damage shows as in a full decode.

    Args:
        image: opened, not decoded yet.

    Returns:
        Width and height of the whole picture, as stored.
    """
    size = image.size
    image.draft("L", (SIDE, SIDE))
    return size


def thumbnail(image: Image.Image) -> Thumbnail:
    """Makes a picture's thumbnail; its shape is not kept: each side becomes `SIDE` pixels.

    Args:
        image: mode RGB or L, any size; also one that `draft_size` made smaller.

    Returns:
        luminance: (SIDE * SIDE), row by row, one byte each.
    """
    across, down = (max(1, length // SIDE) for length in image.size)
    small = image.reduce((across, down)).convert("L")
    # Where a side is no multiple of `SIDE`, the last pixel covers less than the others: the box says how much.
    box = (0, 0, image.width / across, image.height / down)
    return small.resize((SIDE, SIDE), Image.Resampling.BILINEAR, box=box).tobytes()


class ThumbnailFile:
    """Writes thumbnails one after the other to a NumPy file, holding none of them.

    Example:
        with ThumbnailFile(path) as file:
            file.append(thumbnail(image))
    """

    def __init__(self, path: Path) -> None:
        """Opens the file; what was there is lost."""
        self.num_thumbnails = 0
        self.file: BinaryIO = path.open("wb")
        self.write_header()

    def __enter__(self) -> "ThumbnailFile":
        """Gives itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Says at the file's start how many there are, and closes it."""
        if error is None:
            self.file.seek(0)
            self.write_header()
        self.file.close()

    def append(self, content: Thumbnail) -> None:
        """Adds one thumbnail."""
        self.file.write(content)
        self.num_thumbnails += 1

    def write_header(self) -> None:
        """Writes NumPy's header; it leaves room for the number of rows to grow, so its length never changes."""
        shape = (self.num_thumbnails, SIDE, SIDE)
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self.file, header)


def read_thumbnails(path: Path, *, num_images: int) -> Thumbnails:
    """Reads the thumbnails of all images, from the disk as they are used.

    Args:
        path: the file that `index` wrote.
        num_images: how many there must be.

    Returns:
        thumbnails: (images, SIDE, SIDE), uint8.

    Raises:
        ArchiveError: the file is missing, or does not belong to the records.
    """
    try:
        thumbnails: Thumbnails = np.load(path, mmap_mode="r")
    except FileNotFoundError as error:
        raise ArchiveError(f"there are no thumbnails {path}; run the index stage again") from error
    except (ValueError, EOFError, OSError) as error:
        raise ArchiveError(f"{path} is no file of thumbnails ({error}); run the index stage again") from error
    if thumbnails.shape != (num_images, SIDE, SIDE) or thumbnails.dtype != np.uint8:
        found = f"{thumbnails.dtype} of {thumbnails.shape}"
        raise ArchiveError(f"{path} holds {found}, not {num_images} thumbnails; run the index stage again")
    return thumbnails
