"""What a person names to be judged: files, folders, patterns, zips, addresses, standard input; picture by picture."""

import glob
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from unmask.data.archives.directory import read_directory
from unmask.data.archives.names import is_left_behind
from unmask.data.archives.reader import ArchiveReader
from unmask.errors import ImageError, UnmaskError
from unmask.serving.web_pictures import fetch

STANDARD_INPUT = "-"
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
ZIP_SUFFIX = ".zip"
ADDRESSES = ("http://", "https://")
MAX_BYTES = 200_000_000  # of one picture: no camera's is larger, and a device file has no end


@dataclass(frozen=True)
class Named:
    """One picture, or why there is none.

    Attributes:
        name: what a person calls it: a path, a member as `faces.zip/real/1.jpg`, an address.
        content: a path to read, encoded bytes, or an error.
    """

    name: str
    content: Path | bytes | ImageError


def pictures_of(names: Iterable[str], *, allows_addresses: bool) -> Iterator[Named]:
    """Lists all pictures that some names mean; none is decoded yet.

    Args:
        names: paths of pictures, of folders (all pictures below them), of zips (all pictures in them); patterns with *
            and ?, and ** for folders below; addresses; "-", standard input, for one picture's bytes.
        allows_addresses: whether addresses are fetched.

    Yields:
        The pictures in the order of the names, those of a folder, pattern or zip sorted. A name that means nothing
        yields an error.
    """
    for name in names:
        found = False
        for picture in pictures_at(name, allows_addresses=allows_addresses):
            found = True
            yield picture
        if not found:
            yield Named(name, ImageError(f"{name}: no JPEG, PNG or WebP there"))


def pictures_at(name: str, *, allows_addresses: bool) -> Iterator[Named]:
    """Lists the pictures that one name means."""
    path = Path(name)
    if name == STANDARD_INPUT:
        yield Named("standard input", sys.stdin.buffer.read(MAX_BYTES))
    elif name.startswith(ADDRESSES):
        yield from_address(name, is_allowed=allows_addresses)
    elif path.is_dir():
        files = (file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
        yield from (Named(str(file), file) for file in sorted(files) if not is_left_behind(str(file.relative_to(path))))
    elif path.suffix.lower() == ZIP_SUFFIX and path.is_file():
        yield from in_zip(path)
    elif not path.exists() and glob.has_magic(name):
        for match in sorted(glob.iglob(name, recursive=True)):  # noqa: PTH207 - a pattern may be absolute
            if Path(match).is_file():
                yield from pictures_at(match, allows_addresses=False)
    else:
        yield Named(name, path)


def in_zip(path: Path) -> Iterator[Named]:
    """Lists the pictures in a zip; a damaged zip is one error."""
    try:
        entries = read_directory(path).entries.sorted_by_name()
        with ArchiveReader(path) as reader:
            for entry in entries:
                if not entry.name.lower().endswith(SUFFIXES) or is_left_behind(entry.name):
                    continue
                name = f"{path}/{entry.name}"
                try:
                    yield Named(name, reader.read(entry))
                except ImageError as error:
                    yield Named(name, ImageError(f"{name}: {error}"))
    except UnmaskError as error:
        yield Named(str(path), ImageError(str(error)))


def from_address(address: str, *, is_allowed: bool) -> Named:
    """Fetches one picture."""
    if not is_allowed:
        return Named(address, ImageError(f"{address}: addresses are fetched only with --allow-urls"))
    try:
        return Named(address, fetch(address, max_bytes=MAX_BYTES))
    except ImageError as error:
        return Named(address, error)
