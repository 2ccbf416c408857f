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

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from unmask.data.archive_reader import ENCRYPTED, ArchiveReader
from unmask.data.archive_tables import Table, parse_table, table_groups, table_labels
from unmask.data.zip_directory import Entry, read_directory
from unmask.errors import ArchiveError, ImageError
from unmask.records import FAKE, LABEL_NAMES, REAL, TEST, TRAIN, VALIDATION

LABELS = {"real": REAL, "fake": FAKE}
UPSTREAM_SPLITS = {"train": TRAIN, "valid": VALIDATION, "validation": VALIDATION, "val": VALIDATION, "test": TEST}
GROUP_TABLE = "sources.csv"
LEFT_BEHIND = ("__macosx", "thumbs.db", "desktop.ini")
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")
STRAY = "in no folder called real or fake"
NUM_NAMED = 3  # how many offenders an error names


class Member(NamedTuple):
    """One image of the archive.

    Attributes:
        entry: its name, and where its bytes lie.
        label: 0 real, 1 fake.
        group: images of one group share a source; empty where the archive names none.
        upstream_split: train, validation, test, or empty.
    """

    entry: Entry
    label: int
    group: str
    upstream_split: str

    @property
    def name(self) -> str:
        """Its path inside the archive."""
        return self.entry.name


@dataclass(frozen=True)
class Contents:
    """What an archive holds.

    Attributes:
        members: the images, sorted by name.
        rejects: name and reason of each file that cannot be an image of the set, by its name alone; sorted.
        num_ignored: files that are no images by rule.
    """

    members: list[Member]
    rejects: list[tuple[str, str]]
    num_ignored: int


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
    entries = files(path)
    tables = [read_table(path, entry) for entry in entries if is_table(entry.name)]
    beside = path.with_name(GROUP_TABLE)
    if beside.is_file():
        tables.append(read_table_beside(beside))
    images = [entry for entry in entries if not is_table(entry.name)]
    members = [member for entry in images if (member := place(entry)) is not None]
    strays = [entry.name for entry in images if place(entry) is None and entry.name.lower().endswith(IMAGE_SUFFIXES)]
    require_both_classes(members, path)
    members = apply_tables(members, tables)
    return Contents(
        members=members,
        rejects=[(stray, STRAY) for stray in strays],
        num_ignored=len(entries) - len(members) - len(strays),
    )


def locate(path: Path, names: Iterable[str]) -> list[Entry]:
    """Finds members of an archive by their names.

    Args:
        path: the zip; its directory is read once.
        names: the members' names, as records have them.

    Returns:
        Where each lies, in the order of the names.

    Raises:
        ArchiveError: the archive cannot be read, or lacks one of the names.
    """
    entries = {entry.name: entry for entry in files(path)}
    wanted = list(names)
    absent = [name for name in wanted if name not in entries]
    if absent:
        raise ArchiveError(f"cannot read {shorten(absent)} from {path}: not in the archive; run the index stage again")
    return [entries[name] for name in wanted]


def read_table(path: Path, entry: Entry) -> Table:
    """Reads a table of the archive at `path`; errors name both."""
    full_name = f"{path}/{entry.name}"
    try:
        with ArchiveReader(path) as reader:
            return parse_table(full_name, reader.read(entry))
    except ImageError as error:
        raise ArchiveError(f"cannot read the table {full_name}: {error}") from error


def read_table_beside(path: Path) -> Table:
    """Reads a table that lies beside an archive."""
    try:
        return parse_table(str(path), path.read_bytes())
    except OSError as error:
        raise ArchiveError(f"cannot read the table {path}: {error}") from error


def files(path: Path) -> list[Entry]:
    """Lists the files, sorted by name, without folders and what operating systems leave behind."""
    entries = [entry for entry in read_directory(path) if not is_left_behind(entry.name)]
    encrypted = sorted(entry.name for entry in entries if entry.flags & ENCRYPTED)
    if encrypted:
        raise ArchiveError(f"{path} is encrypted: {shorten(encrypted)}; decrypt it first")
    entries.sort()
    twice = sorted({entry.name for entry, after in pairwise(entries) if entry.name == after.name})
    if twice:
        raise ArchiveError(f"{path} lists a member more than once: {shorten(twice)}")
    return entries


def is_left_behind(name: str) -> bool:
    """Whether an operating system left a file of this name behind."""
    return any(part.startswith(".") or part.lower() in LEFT_BEHIND for part in PurePosixPath(name).parts)


def is_table(name: str) -> bool:
    """Whether a member is a CSV table."""
    return name.lower().endswith(".csv")


def place(entry: Entry) -> Member | None:
    """Reads a member's label and upstream split from its folders.

    Args:
        entry: a file of the archive.

    Returns:
        The image, without a group; None when no folder names a class.

    Raises:
        ArchiveError: its folders name both classes.
    """
    folders = [folder.lower() for folder in PurePosixPath(entry.name).parts[:-1]]
    labels = {LABELS[folder] for folder in folders if folder in LABELS}
    if not labels:
        return None
    if len(labels) > 1:
        raise ArchiveError(f"{entry.name} lies in a real and in a fake folder: its label is not clear")
    splits = [UPSTREAM_SPLITS[folder] for folder in folders if folder in UPSTREAM_SPLITS]
    return Member(entry=entry, label=labels.pop(), group="", upstream_split=splits[-1] if splits else "")


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
    return [member._replace(group=groups.get(member.name, "")) for member in members]


def shorten(names: Sequence[str]) -> str:
    """Names the first few of many."""
    rest = len(names) - NUM_NAMED
    return ", ".join(names[:NUM_NAMED]) + (f" and {rest} more" if rest > 0 else "")
