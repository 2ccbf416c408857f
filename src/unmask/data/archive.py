"""A zip of labelled faces, read in place: what its members are called, what they are labelled, and their bytes.

Layouts, below any common folder:
- `{train,valid,test}/{real,fake}/...`: the folders name the upstream split and the label;
- `{real,fake}/...`: no upstream split.

Tables (`.csv` members) can say more: see `data/archive_tables.py`. Files that belong to no class folder are not
images of the set: tables, notes and folders are ignored; a picture there is a stray, and is rejected. Names that
operating systems leave behind (`__MACOSX`, names that begin with a dot, `Thumbs.db`, `desktop.ini`) are ignored
everywhere. Any other file in a class folder claims to be an image.

A member's name is only a name: nothing is ever unpacked, so no name becomes a path on disk.
"""

import lzma
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from unmask.data.archive_tables import Table, parse_table, table_groups, table_labels
from unmask.errors import ArchiveError, ImageError
from unmask.records import FAKE, LABEL_NAMES, REAL, TEST, TRAIN, VALIDATION

LABELS = {"real": REAL, "fake": FAKE}
UPSTREAM_SPLITS = {"train": TRAIN, "valid": VALIDATION, "validation": VALIDATION, "val": VALIDATION, "test": TEST}
GROUP_TABLE = "sources.csv"
LEFT_BEHIND = ("__macosx", "thumbs.db", "desktop.ini")
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")
MAX_MEMBER_BYTES = 1 << 28  # no face photograph takes 256 MB: more is a mistake, or a bomb

# What zipfile and its decompressors raise at damage, besides OSError: a RuntimeError is of encryption, and its
# NotImplementedError of methods that are unknown; a ValueError of names that are no UTF-8; an OverflowError of offsets.
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OverflowError,
    RuntimeError,
    ValueError,
)
ENCRYPTED = 0x1  # general purpose bit 0: PKWARE's application note (APPNOTE.TXT), section 4.4.4
NUM_NAMED = 3  # how many offenders an error names


@dataclass(frozen=True)
class Member:
    """One image of the archive.

    Attributes:
        name: its path inside the archive.
        label: 0 real, 1 fake.
        group: images of one group share a source; empty where the archive names none.
        upstream_split: train, validation, test, or empty.
    """

    name: str
    label: int
    group: str
    upstream_split: str


@dataclass(frozen=True)
class Contents:
    """What an archive holds.

    Attributes:
        members: the images, sorted by name.
        strays: pictures in no class folder, sorted.
        num_ignored: files that are no images by rule.
    """

    members: list[Member]
    strays: list[str]
    num_ignored: int


def open_archive(path: Path) -> zipfile.ZipFile:
    """Opens a zip for reading.

    Raises:
        ArchiveError: the file is missing, unreadable, truncated or no zip.
    """
    try:
        return zipfile.ZipFile(path)
    except FileNotFoundError as error:
        raise ArchiveError(f"there is no archive {path}") from error
    except DAMAGED as error:
        if path.stat().st_size == 0:
            raise ArchiveError(f"the archive {path} is empty (0 bytes)") from error
        raise ArchiveError(f"{path} is no whole zip file: truncated, or not a zip ({error})") from error
    except OSError as error:
        raise ArchiveError(f"cannot read the archive {path}: {error.strerror or error}") from error


def read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    """Reads one member whole and checks its CRC.

    Args:
        archive: from `open_archive`.
        name: a member's name.

    Returns:
        The member's bytes.

    Raises:
        ImageError: the stored bytes are damaged, too many, or stored in a way that cannot be read.
    """
    try:
        information = archive.getinfo(name)
        if information.file_size > MAX_MEMBER_BYTES:
            raise ImageError(f"{information.file_size} bytes are more than the {MAX_MEMBER_BYTES} allowed")
        return archive.read(information)
    except (*DAMAGED, OSError) as error:
        raise ImageError(f"damaged in the archive: {error}") from error
    except KeyError as error:
        raise ImageError("not in the archive") from error


def list_contents(path: Path) -> Contents:
    """Lists the images of an archive with their labels, groups and upstream splits.

    Args:
        path: the zip; a `sources.csv` beside it counts as if it lay inside.

    Returns:
        The images, and what else there is.

    Raises:
        ArchiveError: the file is no whole zip, lists a member twice, is encrypted, holds no images or one class
            only, or its tables are damaged or contradict its folders.
    """
    with open_archive(path) as archive:
        names = file_names(archive, path)
        tables = [read_table(archive, path, name) for name in names if is_table(name)]
    beside = path.with_name(GROUP_TABLE)
    if beside.is_file():
        tables.append(read_table_beside(beside))
    images = [name for name in names if not is_table(name)]
    members = [member for name in images if (member := place(name)) is not None]
    strays = [name for name in images if place(name) is None and name.lower().endswith(IMAGE_SUFFIXES)]
    require_both_classes(members, path)
    members = apply_tables(members, tables)
    return Contents(members=members, strays=strays, num_ignored=len(names) - len(members) - len(strays))


def read_table(archive: zipfile.ZipFile, path: Path, name: str) -> Table:
    """Reads a table of the archive at `path`; errors name both."""
    full_name = f"{path}/{name}"
    try:
        return parse_table(full_name, read_member(archive, name))
    except ImageError as error:
        raise ArchiveError(f"cannot read the table {full_name}: {error}") from error


def read_table_beside(path: Path) -> Table:
    """Reads a table that lies beside an archive."""
    try:
        return parse_table(str(path), path.read_bytes())
    except OSError as error:
        raise ArchiveError(f"cannot read the table {path}: {error}") from error


def file_names(archive: zipfile.ZipFile, path: Path) -> list[str]:
    """Lists the files, sorted, without folders and what operating systems leave behind."""
    entries = [entry for entry in archive.infolist() if not entry.is_dir() and not is_left_behind(entry.filename)]
    encrypted = sorted(entry.filename for entry in entries if entry.flag_bits & ENCRYPTED)
    if encrypted:
        raise ArchiveError(f"{path} is encrypted: {shorten(encrypted)}; decrypt it first")
    counts = Counter(entry.filename for entry in entries)
    twice = sorted(name for name, count in counts.items() if count > 1)
    if twice:
        raise ArchiveError(f"{path} lists a member more than once: {shorten(twice)}")
    return sorted(counts)


def is_left_behind(name: str) -> bool:
    """Whether an operating system left a file of this name behind."""
    return any(part.startswith(".") or part.lower() in LEFT_BEHIND for part in PurePosixPath(name).parts)


def is_table(name: str) -> bool:
    """Whether a member is a CSV table."""
    return name.lower().endswith(".csv")


def place(name: str) -> Member | None:
    """Reads a member's label and upstream split from its folders.

    Args:
        name: a member's name.

    Returns:
        The image, without a group; None when no folder names a class.

    Raises:
        ArchiveError: its folders name both classes.
    """
    folders = [folder.lower() for folder in PurePosixPath(name).parts[:-1]]
    labels = {LABELS[folder] for folder in folders if folder in LABELS}
    if not labels:
        return None
    if len(labels) > 1:
        raise ArchiveError(f"{name} lies in a real and in a fake folder: its label is not clear")
    splits = [UPSTREAM_SPLITS[folder] for folder in folders if folder in UPSTREAM_SPLITS]
    return Member(name=name, label=labels.pop(), group="", upstream_split=splits[-1] if splits else "")


def require_both_classes(members: Sequence[Member], path: Path) -> None:
    """Stops at an archive from which nothing can be learnt."""
    counts = Counter(member.label for member in members)
    if not counts:
        raise ArchiveError(f"{path} holds no images: they are looked for in folders called real and fake")
    for label, name in LABEL_NAMES.items():
        if not counts[label]:
            raise ArchiveError(f"{path} holds one class only: there is no image in a folder called {name}")


def apply_tables(members: Sequence[Member], tables: Sequence[Table]) -> list[Member]:
    """Checks labels against the tables and adds the groups they name.

    Raises:
        ArchiveError: a table and a folder disagree on a label.
    """
    names = [member.name for member in members]
    groups: dict[str, str] = {}
    for table in tables:
        stated = table_labels(table, names)
        wrong = [member.name for member in members if stated.get(member.name, member.label) != member.label]
        if wrong:
            raise ArchiveError(
                f"{table.name} and the folders disagree on the label of {len(wrong)} images: {shorten(wrong)} "
                "(in its column label, 1 means real)"
            )
        groups |= table_groups(table, names)
    return [replace(member, group=groups.get(member.name, "")) for member in members]


def shorten(names: Sequence[str]) -> str:
    """Names the first few of many."""
    rest = len(names) - NUM_NAMED
    return ", ".join(names[:NUM_NAMED]) + (f" and {rest} more" if rest > 0 else "")
