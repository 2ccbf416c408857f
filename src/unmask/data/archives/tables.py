"""The CSV tables of an archive: labels to check the folders against, and groups.

A table names images in a column `path`, which may leave out the archive's outer folders; backslashes and a leading
`./` are taken for what they mean. A table with paths none of which is an image is refused: it was meant to say
something, and what it says of groups keeps one video's frames in one split. Labels: column `label`,
where **1 means real** and 0 fake, as Kaggle's "140k Real and Fake Faces" has it (the opposite of this project's
labels: it is turned round here), or `label_str`, real or fake. Groups: the first of the columns in `GROUP_COLUMNS`.
Tables without a column `path` say nothing about images and are ignored.
"""

import csv
import io
import logging
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TextIO

from unmask.data.archives.names import shown
from unmask.errors import ArchiveError
from unmask.records import FAKE, REAL
from unmask.text import has_controls

GROUP_COLUMNS = ("group", "source_video", "video", "source")
# No set of faces needs more; a table of 64 MB can have 32 million lines, or one of 64 million cells, which take minutes
# and gigabytes.
MAX_LINES = 2_000_000
MAX_LINE_CHARACTERS = 1 << 16
NUMBERED_LABELS = {"1": REAL, "0": FAKE}
NAMED_LABELS = {"real": REAL, "fake": FAKE}

logger = logging.getLogger(__name__)


class Row(NamedTuple):
    """What a table says of one image; empty where it says nothing."""

    path: str
    label: str
    label_str: str
    group: str


@dataclass(frozen=True)
class Statements:
    """What a table says of an archive's images.

    Attributes:
        labels: member name to label (0 real, 1 fake), where the table names one.
        groups: member name to group, where the table names one.
    """

    labels: dict[str, int]
    groups: dict[str, str]


class Endings:
    """Finds names by how they end, however many there are and whatever they are: a search in their sorted reverses."""

    def __init__(self, names: Iterable[str]) -> None:
        """Sorts the names, by their last letters first."""
        self.reverses = sorted(reverse(name) for name in names)

    def find(self, path: str) -> list[str]:
        """Finds the names that are `path`, or end in a slash and `path`; two of them, where there are more."""
        ending = reverse(path)
        at = bisect_left(self.reverses, ending)
        return [found[-2::-1] for found in self.reverses[at : at + 2] if found.startswith(ending)]

    def example(self) -> str:
        """Gives one of the names."""
        return self.reverses[0][-2::-1] if self.reverses else ""


def reverse(name: str) -> str:
    """Turns a name round, with a slash before its first folder, so that whole folders match."""
    return f"/{name}"[::-1]


def read_table(name: str, content: bytes, endings: Endings) -> Statements:
    """Reads a CSV table, row by row.

    Args:
        name: where it was found, for errors.
        content: its bytes, UTF-8.
        endings: the names of the archive's images.

    Returns:
        What it says; nothing when it has no column `path`.

    Raises:
        ArchiveError: it cannot be read as a table, a label or a group cannot be one, it contradicts itself, or its
            paths fit several images or none.
    """
    text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="")
    try:
        lines = csv.reader(bounded_lines(text), strict=True)
        header = next(lines, [])
        if "path" not in header:
            logger.warning("%s has no column path: ignored", shown(name))
            return Statements(labels={}, groups={})
        return collect_statements(name, pick_columns(header, lines), endings)
    except (csv.Error, UnicodeDecodeError) as error:
        raise ArchiveError(f"{shown(name)} is no readable CSV table: {error}") from error


def bounded_lines(text: TextIO) -> Iterator[str]:
    """Reads the lines of a table, and stops at more or longer ones than any set of faces needs."""
    num_lines = 0
    while line := text.readline(MAX_LINE_CHARACTERS):
        num_lines += 1
        if num_lines > MAX_LINES or len(line) == MAX_LINE_CHARACTERS:
            raise csv.Error(f"more than {MAX_LINES} lines, or a line of {MAX_LINE_CHARACTERS} characters")
        yield line


def pick_columns(header: Sequence[str], lines: Iterable[list[str]]) -> Iterator[Row]:
    """Takes the columns that say something of images out of a table's lines."""
    # Where there is none, a name that the header lacks; not "": Kaggle's tables number their rows in a nameless column.
    group = next((column for column in GROUP_COLUMNS if column in header), GROUP_COLUMNS[0])
    places = [header.index(column) if column in header else -1 for column in ("path", "label", "label_str", group)]
    for line in lines:
        if line:
            yield Row(*(line[place] if 0 <= place < len(line) else "" for place in places))


def collect_statements(name: str, rows: Iterable[Row], endings: Endings) -> Statements:
    """Collects what the rows say of the images that they name; see `read_table`."""
    labels: dict[str, int] = {}
    groups: dict[str, str] = {}
    group_names: dict[str, str] = {}  # each once in memory, not once an image
    for member, row in match_images(name, rows, endings):
        stated = stated_labels(name, row)
        if len(stated | {labels.get(member, label) for label in stated}) > 1:
            raise ArchiveError(f"{name} contradicts itself on the label of {shown(row.path)}")
        if stated:
            labels[member] = stated.pop()
        group = row.group.strip()
        if has_controls(group):
            raise ArchiveError(f"{name}: the group of {shown(row.path)} holds control characters")
        if group:
            groups[member] = group_names.setdefault(group, group)
    return Statements(labels=labels, groups=groups)


def stated_labels(name: str, row: Row) -> set[int]:
    """Collects what a row says of its image's label, in this project's meaning."""
    stated = set()
    for column, cell, meaning in (("label", row.label, NUMBERED_LABELS), ("label_str", row.label_str, NAMED_LABELS)):
        text = cell.strip().lower()
        if not text:
            continue
        if text not in meaning:
            raise ArchiveError(
                f"{name}: {column} of {shown(row.path)} is {shown(text)!r}; expected {' or '.join(meaning)}"
            )
        stated.add(meaning[text])
    return stated


def match_images(name: str, rows: Iterable[Row], endings: Endings) -> Iterator[tuple[str, Row]]:
    """Finds the images that a table's paths mean: a path is the end of a member's name.

    Yields:
        A member's name, and what the table says of it. Paths of absent images are left out, with a warning.

    Raises:
        ArchiveError: a path fits several members, or no path fits any.
    """
    first: Row | None = None
    num_rows = num_found = 0
    for row in rows:
        first = first or row
        num_rows += 1
        found = endings.find(plain_path(row.path))
        if len(found) > 1:
            raise ArchiveError(f"{name}: {shown(row.path)} fits several members: {', '.join(sorted(found))}")
        if found:
            num_found += 1
            yield found[0], row
    if first and not num_found:
        raise ArchiveError(
            f"{name}: none of its {num_rows} paths, as {shown(first.path)}, is an image of the archive; expected the "
            f"ends of members' names, as {endings.example()} is"
        )
    if num_found < num_rows:
        logger.warning("%s names %d images that are not in the archive", name, num_rows - num_found)


def plain_path(path: str) -> str:
    """Writes a path as zips do: with slashes, from no folder."""
    path = path.replace("\\", "/")
    while path.startswith("./"):
        path = path.removeprefix("./")
    return path
