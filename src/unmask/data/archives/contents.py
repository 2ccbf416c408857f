"""A zip of labelled faces, read in place: what its members are called, what they are labelled, and their bytes.

Layouts, below any common folder:
- `{train,valid,test}/{real,fake}/...`: the folders name the upstream split and the label;
- `{real,fake}/...`: no upstream split.

Tables (`.csv` members) can say more: see `data/archives/tables.py`. Files that belong to no class folder are not
images of the set: tables, notes and folders are ignored; a picture there is a stray, and is rejected. Names that
operating systems leave behind (`__MACOSX`, names that begin with a dot, `Thumbs.db`, `desktop.ini`) are ignored
everywhere. Any other file in a class folder claims to be an image.

A member's name is only a name: nothing is ever unpacked, so no name becomes a path on disk. What names are refused says
`data/archives/names.py`, what directories `data/archives/directory.py`, and what bytes `data/archives/reader.py`.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from unmask.data.archives.directory import Directory, read_directory
from unmask.data.archives.entries import Entries, Entry
from unmask.data.archives.reader import ENCRYPTED, MAX_MEMBER_BYTES, ArchiveReader
from unmask.data.archives.tables import Endings, Statements, read_table
from unmask.errors import ArchiveError, ImageError
from unmask.records import FAKE, LABEL_NAMES, REAL, TEST, TRAIN, VALIDATION

LABELS = {"real": REAL, "fake": FAKE}
UPSTREAM_SPLITS = {"train": TRAIN, "valid": VALIDATION, "validation": VALIDATION, "val": VALIDATION, "test": TEST}
GROUP_TABLE = "sources.csv"
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")
STRAY = "in no folder called real or fake"
NUM_NAMED = 3  # how many offenders an error names


class Facts(NamedTuple):
    """What an archive says of an image, as of `Member`; many images share one object."""

    label: int
    group: str
    upstream_split: str


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


class Members:
    """The images of an archive, sorted by name; made when asked for, as `Entries` are."""

    def __init__(self, entries: Entries, facts: Sequence[Facts]) -> None:
        """Puts entries and what is known of them together.

        Args:
            entries: the images.
            facts: what the archive says of each.
        """
        self.entries = entries
        self.facts = facts

    def __len__(self) -> int:
        """Counts them."""
        return len(self.entries)

    def __getitem__(self, position: int) -> Member:
        """Gives one."""
        return Member(self.entries[position], *self.facts[position])

    def __iter__(self) -> Iterator[Member]:
        """Gives one after the other."""
        return map(self.__getitem__, range(len(self)))


@dataclass(frozen=True)
class Contents:
    """What an archive holds.

    Attributes:
        members: the images, sorted by name.
        rejects: printable name, and reason, of each file that cannot be an image of the set, whatever its bytes are;
            sorted.
        num_ignored: files that are no images by rule.
    """

    members: Members
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
    positions = array("Q")
    facts: list[Facts] = []
    rejects = list(directory.refused)
    num_ignored = 0
    for position, name in enumerate(directory.entries.names()):
        stated = None if is_table(name) else read_folders(name)
        if stated is not None:
            positions.append(position)
            facts.append(stated)
        elif name.lower().endswith(IMAGE_SUFFIXES):
            rejects.append((name, STRAY))
        else:
            num_ignored += 1
    require_both_classes(facts, rejects, path)
    members = Members(directory.entries.take(positions), facts)
    members = apply_tables(members, read_tables(path, directory, members))
    return Contents(members=members, rejects=sorted(rejects), num_ignored=num_ignored)


def locate(path: Path, names: Iterable[str]) -> Entries:
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
    positions = dict.fromkeys(wanted, -1)
    entries = read_files(path).entries
    positions.update((name, position) for position, name in enumerate(entries.names()) if name in positions)
    absent = [name for name, position in positions.items() if position < 0]
    if absent:
        raise ArchiveError(f"cannot read {shorten(absent)} from {path}: not in the archive; run the index stage again")
    return entries.take(positions[name] for name in wanted)


def read_files(path: Path) -> Directory:
    """Lists the files, sorted by name, and checks them as a whole; once, as long as the file stays the same.

    Raises:
        ArchiveError: as `list_contents`.
    """
    try:
        about = path.stat()
    except OSError:
        return read_checked(path)  # which says what is wrong
    return read_unchanged(path.absolute(), about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns)


@lru_cache(maxsize=1)
def read_unchanged(path: Path, *_: int) -> Directory:
    """Reads the directory of a file that is told from others by some numbers: a stage asks for it several times."""
    return read_checked(path)


def read_checked(path: Path) -> Directory:
    """Does what `read_files` says, each time."""
    directory = read_directory(path)
    encrypted = sorted(entry.name for entry in directory.entries if entry.flags & ENCRYPTED)
    if encrypted:
        raise ArchiveError(f"{path} is encrypted: {shorten(encrypted)}; decrypt it first")
    entries = directory.entries.sorted_by_name()
    twice = sorted({name for name, after in pairwise(entries.names()) if name == after})
    if twice:
        raise ArchiveError(f"{path} lists a member more than once: {shorten(twice)}")
    return directory._replace(entries=entries)


def read_tables(path: Path, directory: Directory, members: Members) -> dict[str, Statements]:
    """Reads the tables of an archive, and the one beside it.

    Returns:
        Where each was found, in the order of their names, and what it says.
    """
    refused = [f"{name}: {reason}" for name, reason in directory.refused if is_table(name)]
    if refused:
        raise ArchiveError(f"cannot read a table of {path}: {shorten(refused)}")
    names = enumerate(directory.entries.names())
    tables = directory.entries.take(position for position, name in names if is_table(name))
    beside = path.with_name(GROUP_TABLE)
    if not len(tables) and not beside.is_file():
        return {}
    require_small_tables(sum(entry.bytes for entry in tables), path)
    endings = Endings(members.entries.names())
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


def read_folders(name: str) -> Facts | None:
    """Reads a member's label and upstream split from its folders.

    Args:
        name: of a file of the archive.

    Returns:
        What they say, without a group; None when no folder names a class.

    Raises:
        ArchiveError: its folders name both classes.
    """
    labels, facts = read_folder(name.rpartition("/")[0])
    if len(labels) > 1:
        raise ArchiveError(f"{name} lies in a real and in a fake folder: its label is not clear")
    return facts


@lru_cache(maxsize=1024)
def read_folder(folder: str) -> tuple[frozenset[int], Facts | None]:
    """Reads all labels that a folder's path names, and what it says; most archives have few folders."""
    names = folder.lower().split("/")
    labels = frozenset(LABELS[name] for name in names if name in LABELS)
    splits = [UPSTREAM_SPLITS[name] for name in names if name in UPSTREAM_SPLITS]
    upstream_split = splits[-1] if splits else ""
    return labels, Facts(min(labels), group="", upstream_split=upstream_split) if labels else None


def require_both_classes(facts: Sequence[Facts], rejects: Sequence[tuple[str, str]], path: Path) -> None:
    """Stops at an archive from which nothing can be learnt."""
    counts = Counter(stated.label for stated in facts)
    if not counts:
        refused = [f"{name} ({reason})" for name, reason in rejects]
        because = f"; refused: {shorten(refused)}" if refused else ""
        raise ArchiveError(f"{path} holds no images: they are looked for in folders called real and fake{because}")
    for label, name in LABEL_NAMES.items():
        if not counts[label]:
            raise ArchiveError(f"{path} holds one class only: there is no image in a folder called {name}")


def apply_tables(members: Members, tables: Mapping[str, Statements]) -> Members:
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
    if not groups:
        return members
    named = zip(members.entries.names(), members.facts, strict=True)
    known: dict[Facts, Facts] = {}
    facts = (stated._replace(group=groups.get(name, "")) for name, stated in named)
    return Members(members.entries, [known.setdefault(stated, stated) for stated in facts])


def shorten(names: Sequence[str]) -> str:
    """Names the first few of many."""
    rest = len(names) - NUM_NAMED
    return ", ".join(names[:NUM_NAMED]) + (f" and {rest} more" if rest > 0 else "")
