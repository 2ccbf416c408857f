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
from collections.abc import Sequence
from dataclasses import dataclass

from unmask.errors import ArchiveError
from unmask.records import FAKE, REAL

GROUP_COLUMNS = ("group", "source_video", "video", "source")
NUMBERED_LABELS = {"1": REAL, "0": FAKE}
NAMED_LABELS = {"real": REAL, "fake": FAKE}

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Table:
    """A CSV table.

    Attributes:
        name: where it was found.
        rows: column to text, one mapping a row; empty when the table names no images.
    """

    name: str
    rows: list[dict[str, str]]


def parse_table(name: str, content: bytes) -> Table:
    """Reads a CSV table.

    Args:
        name: where it was found, for errors.
        content: its bytes, UTF-8.

    Returns:
        The table, with no rows when it has no column `path`.

    Raises:
        ArchiveError: it cannot be read as a table.
    """
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), restval="", strict=True)
        if "path" not in (reader.fieldnames or ()):
            logger.warning("%s has no column path: ignored", name)
            return Table(name=name, rows=[])
        return Table(name=name, rows=list(reader))
    except (csv.Error, UnicodeDecodeError) as error:
        raise ArchiveError(f"{name} is no readable CSV table: {error}") from error


def table_labels(table: Table, members: Sequence[str]) -> dict[str, int]:
    """Reads the labels that a table states.

    Args:
        table: from `parse_table`.
        members: the names of the archive's images.

    Returns:
        Member name to label (0 real, 1 fake).

    Raises:
        ArchiveError: a label is none of the known ones, or a row contradicts itself.
    """
    named = match_members(table, members)
    labels: dict[str, int] = {}
    for row in table.rows:
        member = named.get(row["path"])
        if member is None:
            continue
        stated = stated_labels(table, row)
        if len(stated | {labels.get(member, label) for label in stated}) > 1:
            raise ArchiveError(f"{table.name} contradicts itself on the label of {row['path']}")
        if stated:
            labels[member] = stated.pop()
    return labels


def stated_labels(table: Table, row: dict[str, str]) -> set[int]:
    """Collects what a row says of its image's label, in this project's meaning."""
    stated = set()
    for column, meaning in (("label", NUMBERED_LABELS), ("label_str", NAMED_LABELS)):
        text = row.get(column, "").strip().lower()
        if not text:
            continue
        if text not in meaning:
            raise ArchiveError(f"{table.name}: {column} of {row['path']} is {text!r}; expected {' or '.join(meaning)}")
        stated.add(meaning[text])
    return stated


def table_groups(table: Table, members: Sequence[str]) -> dict[str, str]:
    """Reads the groups that a table states.

    Returns:
        Member name to group, for the rows that name one.
    """
    columns = [column for column in GROUP_COLUMNS if table.rows and column in table.rows[0]]
    if not columns:
        return {}
    named = match_members(table, members)
    return {
        named[row["path"]]: row[columns[0]].strip()
        for row in table.rows
        if row["path"] in named and row[columns[0]].strip()
    }


def match_members(table: Table, members: Sequence[str]) -> dict[str, str]:
    """Finds the images that a table's paths mean: a path is the end of a member's name.

    Returns:
        Path as the table has it to member name. Paths of absent images are left out, with a warning.

    Raises:
        ArchiveError: a path fits several members, or no path fits any.
    """
    matches: dict[str, str] = {}
    endings: dict[int, dict[str, list[str]]] = {}
    for row in table.rows:
        path = plain_path(row["path"])
        depth = path.count("/") + 1
        if depth not in endings:
            endings[depth] = group_by_ending(members, depth)
        found = endings[depth].get(path, [])
        if len(found) > 1:
            raise ArchiveError(f"{table.name}: {path} fits several members: {', '.join(found[:3])}")
        if found:
            matches[row["path"]] = found[0]
    if table.rows and not matches:
        raise ArchiveError(
            f"{table.name}: none of its {len(table.rows)} paths, as {table.rows[0]['path']}, is an image of the "
            f"archive; expected the ends of members' names, as {', '.join(members[:1])} is"
        )
    absent = len(table.rows) - sum(row["path"] in matches for row in table.rows)
    if absent:
        logger.warning("%s names %d images that are not in the archive", table.name, absent)
    return matches


def plain_path(path: str) -> str:
    """Writes a path as zips do: with slashes, from no folder."""
    path = path.replace("\\", "/")
    while path.startswith("./"):
        path = path.removeprefix("./")
    return path


def group_by_ending(members: Sequence[str], depth: int) -> dict[str, list[str]]:
    """Groups names by their last `depth` parts."""
    groups: dict[str, list[str]] = {}
    for name in members:
        groups.setdefault("/".join(name.split("/")[-depth:]), []).append(name)
    return groups
