"""What a person names to be judged: files, folders, patterns, zips, addresses, standard input; picture by picture."""

import glob
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from unmask.data.archives.directory import read_directory
from unmask.data.archives.names import is_left_behind
from unmask.data.archives.reader import ArchiveReader
from unmask.errors import ImageError, UnmaskError
from unmask.serving.pictures import MAX_BYTES, read_bounded
from unmask.serving.web_pictures import fetch

STANDARD_INPUT = "-"
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
ZIP_SUFFIX = ".zip"
ADDRESSES = ("http://", "https://")
ALL_BELOW = "**"
UNKNOWN = 0  # the kind of what nothing can be found out about


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
        yields an error, and so does what cannot be listed: a folder, a member of a zip.
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
    if not name:  # of a shell's variable that is not set; as a path it would be the current folder
        yield Named(name, ImageError("an empty name"))
    elif name == STANDARD_INPUT:
        yield from_standard_input()
    elif name.startswith(ADDRESSES):
        yield from_address(name, is_allowed=allows_addresses)
    elif glob.has_magic(name) and kind_of(Path(name)) == UNKNOWN:
        for match in matches(name):
            yield from at_path(match)
    else:
        yield from at_path(name)


def at_path(name: str) -> Iterator[Named]:
    """Lists the pictures at a path; one of which nothing is known is left to whoever reads it, who will say why."""
    path = Path(name)
    kind = kind_of(path)
    if kind == stat.S_IFDIR:
        yield from in_folder(path)
    elif kind == stat.S_IFREG and path.suffix.lower() == ZIP_SUFFIX:
        yield from in_zip(path)
    else:
        yield Named(name, path)


def kind_of(path: Path) -> int:
    """Gives the kind of a file as `stat` has it, or `UNKNOWN`: it is missing, out of reach, or its name is too long."""
    try:
        return stat.S_IFMT(path.stat().st_mode)
    except OSError:
        return UNKNOWN


def is_readable(path: Path) -> bool:
    """Whether a path that nobody named is a file, or has to be read to say why it is none; not a pipe or a device."""
    return kind_of(path) in (stat.S_IFREG, UNKNOWN)


def is_picture(name: str) -> bool:
    """Whether a path within a folder or a zip claims to be a picture that can be judged."""
    return name.lower().endswith(SUFFIXES) and not is_left_behind(name)


def in_folder(folder: Path) -> Iterator[Named]:
    """Lists the pictures below a folder, and the folders that cannot be listed; links to folders are not followed."""
    found: list[Path] = []
    failures: list[OSError] = []
    for parent, folders, names in os.walk(folder, onerror=failures.append):
        folders[:] = [name for name in folders if not is_left_behind(name)]
        found += [path for name in names if is_picture(name) and is_readable(path := Path(parent, name))]
    yield from (Named(str(file), file) for file in sorted(found))
    for failure in failures:
        yield Named(failure.filename, ImageError(f"{failure.filename}: cannot be listed: {failure.strerror}"))


def matches(pattern: str) -> list[str]:
    """Lists the files that a pattern matches: the pictures and zips among them, or where there is none, all of them."""
    found = sorted({path for path in expanded(pattern) if is_readable(Path(path))})
    return [path for path in found if path.lower().endswith((*SUFFIXES, ZIP_SUFFIX))] or found


def expanded(pattern: str) -> Iterator[str]:
    """Lists what a pattern matches. Its ** follows no links, which glob's does: links can lead round and round."""
    parts = pattern.split("/")
    if ALL_BELOW not in parts:
        yield from glob.iglob(pattern)  # noqa: PTH207 - a pattern may be absolute
        return
    at = parts.index(ALL_BELOW)
    start, rest = "/".join([*parts[:at], ""]), "/".join(parts[at + 1 :])
    for top in glob.iglob(start) if start else [""]:  # noqa: PTH207
        for parent, folders, _ in os.walk(top or "."):
            folders[:] = [name for name in folders if not is_left_behind(name)]
            yield from expanded(str(Path(glob.escape(parent), rest or "*")))


def in_zip(path: Path) -> Iterator[Named]:
    """Lists the pictures in a zip, and those that no archive may hold; a damaged zip is one error."""
    try:
        directory = read_directory(path)
        with ArchiveReader(path) as reader:
            for entry in directory.entries.sorted_by_name():
                if not is_picture(entry.name):
                    continue
                name = f"{path}/{entry.name}"
                try:
                    yield Named(name, reader.read(entry))
                except ImageError as error:
                    yield Named(name, ImageError(f"{name}: {error}"))
        for member, reason in sorted(directory.refused):
            if is_picture(member):
                yield Named(f"{path}/{member}", ImageError(f"{path}/{member}: {reason}"))
    except UnmaskError as error:
        yield Named(str(path), ImageError(str(error)))


def from_standard_input() -> Named:
    """Reads one picture from standard input."""
    name = "standard input"
    if sys.stdin is None:
        return Named(name, ImageError(f"{name}: it is closed"))
    try:
        return Named(name, read_bounded(sys.stdin.buffer, max_bytes=MAX_BYTES))
    except ImageError as error:
        return Named(name, ImageError(f"{name}: {error}"))
    except OSError as error:
        return Named(name, ImageError(f"{name}: {error.strerror}"))


def from_address(address: str, *, is_allowed: bool) -> Named:
    """Fetches one picture."""
    if not is_allowed:
        return Named(address, ImageError(f"{address}: addresses are fetched only with --allow-urls"))
    try:
        return Named(address, fetch(address, max_bytes=MAX_BYTES))
    except ImageError as error:
        return Named(address, error)
