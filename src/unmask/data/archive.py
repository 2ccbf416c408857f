"""A zip of labelled faces, read in place: what its members are called, what they are labelled, and their bytes.

Layouts, below any common folder:
- `{train,valid,test}/{real,fake}/...`: the folders name the upstream split and the label;
- `{real,fake}/...`: no upstream split.

Tables (`.csv` members) can say more: see `data/archive_tables.py`. Files that belong to no class folder are not
images of the set: tables, notes and folders are ignored; a picture there is a stray, and is rejected. Names that
operating systems leave behind (`__MACOSX`, names that begin with a dot, `Thumbs.db`, `desktop.ini`) are ignored
everywhere. Any other file in a class folder claims to be an image.

A member's name is only a name: nothing is ever unpacked, so no name becomes a path on disk. What names are refused says
`data/member_names.py`, what directories `data/zip_directory.py`, and what bytes `data/archive_reader.py`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from unmask.data.archive_reader import ENCRYPTED, MAX_MEMBER_BYTES, ArchiveReader
from unmask.data.archive_tables import Endings, Statements, read_table
from unmask.data.zip_directory import Directory, Entry, read_directory
from unmask.errors import ArchiveError, ImageError
from unmask.records import FAKE, LABEL_NAMES, REAL, TEST, TRAIN, VALIDATION

LABELS = {"real": REAL, "fake": FAKE}
UPSTREAM_SPLITS = {"train": TRAIN, "valid": VALIDATION, "validation": VALIDATION, "val": VALIDATION, "test": TEST}
GROUP_TABLE = "sources.csv"
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
        rejects: printable name, and reason, of each file that cannot be an image of the set, whatever its bytes are;
            sorted.
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
    directory = read_files(path)
    members: list[Member] = []
    rejects = directory.refused
    num_ignored = 0
    for entry in directory.entries:
        member = None if is_table(entry.name) else place(entry)
        if member is not None:
            members.append(member)
        elif entry.name.lower().endswith(IMAGE_SUFFIXES):
            rejects.append((entry.name, STRAY))
        else:
            num_ignored += 1
    require_both_classes(members, rejects, path)
    members = apply_tables(members, read_tables(path, directory, members))
    return Contents(members=members, rejects=sorted(rejects), num_ignored=num_ignored)


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
    wanted = list(names)
    entries = dict.fromkeys(wanted)
    entries.update((entry.name, entry) for entry in read_files(path).entries if entry.name in entries)
    absent = [name for name, entry in entries.items() if entry is None]
    if absent:
        raise ArchiveError(f"cannot read {shorten(absent)} from {path}: not in the archive; run the index stage again")
    return [entry for name in wanted if (entry := entries[name])]


def read_files(path: Path) -> Directory:
    """Lists the files, sorted by name, and checks them as a whole.

    Raises:
        ArchiveError: as `list_contents`.
    """
    directory = read_directory(path)
    encrypted = sorted(entry.name for entry in directory.entries if entry.flags & ENCRYPTED)
    if encrypted:
        raise ArchiveError(f"{path} is encrypted: {shorten(encrypted)}; decrypt it first")
    directory.entries.sort(key=attrgetter("name"))
    twice = sorted({entry.name for entry, after in pairwise(directory.entries) if entry.name == after.name})
    if twice:
        raise ArchiveError(f"{path} lists a member more than once: {shorten(twice)}")
    return directory


def read_tables(path: Path, directory: Directory, members: Sequence[Member]) -> dict[str, Statements]:
    """Reads the tables of an archive, and the one beside it.

    Returns:
        Where each was found, in the order of their names, and what it says.
    """
    refused = [f"{name}: {reason}" for name, reason in directory.refused if is_table(name)]
    if refused:
        raise ArchiveError(f"cannot read a table of {path}: {shorten(refused)}")
    tables = [entry for entry in directory.entries if is_table(entry.name)]
    beside = path.with_name(GROUP_TABLE)
    if not tables and not beside.is_file():
        return {}
    require_small_tables(sum(entry.bytes for entry in tables), path)
    endings = Endings(member.name for member in members)
    statements = {}
    with ArchiveReader(path) as reader:
        for entry in tables:
            name = f"{path}/{entry.name}"
            try:
                statements[name] = read_table(name, reader.read(entry), endings)
            except ImageError as error:
                raise ArchiveError(f"cannot read the table {name}: {error}") from error
    if beside.is_file():
        try:
            require_small_tables(beside.stat().st_size, beside)
            statements[str(beside)] = read_table(str(beside), beside.read_bytes(), endings)
        except OSError as error:
            raise ArchiveError(f"cannot read the table {beside}: {error}") from error
    return statements


def require_small_tables(num_bytes: int, path: Path) -> None:
    """Stops before tables that no set of faces needs."""
    if num_bytes > MAX_MEMBER_BYTES:
        raise ArchiveError(f"the tables of {path} hold {num_bytes} bytes: more than the {MAX_MEMBER_BYTES} allowed")


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
    labels, upstream_split = read_folder(entry.name.rpartition("/")[0])
    if not labels:
        return None
    if len(labels) > 1:
        raise ArchiveError(f"{entry.name} lies in a real and in a fake folder: its label is not clear")
    (label,) = labels
    return Member(entry=entry, label=label, group="", upstream_split=upstream_split)


@lru_cache(maxsize=1024)
def read_folder(folder: str) -> tuple[frozenset[int], str]:
    """Reads the labels and the upstream split that a folder's path names; most archives have few folders."""
    names = folder.lower().split("/")
    splits = [UPSTREAM_SPLITS[name] for name in names if name in UPSTREAM_SPLITS]
    return frozenset(LABELS[name] for name in names if name in LABELS), splits[-1] if splits else ""


def require_both_classes(members: Sequence[Member], rejects: Sequence[tuple[str, str]], path: Path) -> None:
    """Stops at an archive from which nothing can be learnt."""
    counts = Counter(member.label for member in members)
    if not counts:
        refused = [f"{name} ({reason})" for name, reason in rejects]
        because = f"; refused: {shorten(refused)}" if refused else ""
        raise ArchiveError(f"{path} holds no images: they are looked for in folders called real and fake{because}")
    for label, name in LABEL_NAMES.items():
        if not counts[label]:
            raise ArchiveError(f"{path} holds one class only: there is no image in a folder called {name}")


def apply_tables(members: Sequence[Member], tables: Mapping[str, Statements]) -> list[Member]:
    """Checks labels against the tables and adds the groups they name.

    Raises:
        ArchiveError: a table and a folder disagree on a label, or two tables on a group.
    """
    groups: dict[str, str] = {}
    for name, stated in tables.items():
        wrong = [member.name for member in members if stated.labels.get(member.name, member.label) != member.label]
        if wrong:
            raise ArchiveError(
                f"{name} and the folders disagree on the label of {len(wrong)} images: {shorten(wrong)} "
                "(in its column label, 1 means real)"
            )
        moved = [member for member, group in stated.groups.items() if groups.get(member, group) != group]
        if moved:
            raise ArchiveError(
                f"{name} puts {len(moved)} images into other groups than another table does: {shorten(moved)}; images "
                "that belong together could not be kept together"
            )
        groups |= stated.groups
    return [member._replace(group=groups[member.name]) if member.name in groups else member for member in members]


def shorten(names: Sequence[str]) -> str:
    """Names the first few of many."""
    rest = len(names) - NUM_NAMED
    return ", ".join(names[:NUM_NAMED]) + (f" and {rest} more" if rest > 0 else "")
