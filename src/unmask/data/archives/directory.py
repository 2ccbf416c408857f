"""The central directory of a zip: which files it says there are, and where their bytes lie.

It is read once, by one process; workers are handed entries and read their bytes with `data/archives/reader.py`. Not
read by `zipfile`, which takes it for what it says, keeps a kilobyte an entry, and differs between versions of Python.

Source: PKWARE's application note (APPNOTE.TXT), https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT.
"""

import stat
import struct
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from unmask.data.archives.entries import Entries, Entry
from unmask.data.archives.names import is_left_behind, name_problem, shown
from unmask.errors import ArchiveError

MAX_ENTRIES = 2_000_000  # of 0.1 KB each in memory

# Section 4.3.12: signature, two versions, flags, method, time, date; CRC, two sizes; three lengths, disk, attributes of
# the content; attributes of the file, offset.
ENTRY = struct.Struct("<4s6H3I5H2I")
ENTRY_SIGNATURE = b"PK\x01\x02"
# Section 4.3.16: signature, two disks, two counts, size and offset of the directory, length of the comment.
END = struct.Struct("<4s4H2IH")
END_SIGNATURE = b"PK\x05\x06"
MAX_COMMENT_BYTES = 0xFFFF
# Section 4.3.15: signature, disk, offset, number of disks; and 4.3.14: signature, own size, versions, then as above.
LOCATOR64 = struct.Struct("<4sIQI")
LOCATOR64_SIGNATURE = b"PK\x06\x07"
END64 = struct.Struct("<4sQ2H2I4Q")
END64_SIGNATURE = b"PK\x06\x06"
EXTRA = struct.Struct("<2H")  # section 4.5.1: identifier and length
EXTRA64 = 0x0001  # section 4.5.3: the values that need 64 bits, in the order size, stored size, offset

IN_64_BITS, IN_MORE_BITS = 0xFFFFFFFF, 0xFFFF  # what a field says when its value lies elsewhere
END_LIMITS = (IN_MORE_BITS, IN_MORE_BITS, IN_MORE_BITS, IN_MORE_BITS, IN_64_BITS, IN_64_BITS)
LOCAL_HEADER_BYTES = 30
IS_UTF8 = 0x800
UNIX = (3, 19)  # section 4.4.2: systems whose attributes hold a mode in their upper half


class Directory(NamedTuple):
    """What a zip says it holds, without folders and what operating systems leave behind.

    Attributes:
        entries: its files, in the directory's order.
        refused: the files that cannot be taken, as printable name and reason.
    """

    entries: Entries
    refused: list[tuple[str, str]]


class Extent(NamedTuple):
    """Where the directory lies in the file, how many entries it claims, and by how much all offsets are shifted."""

    start: int
    end: int
    num_entries: int
    shift: int
    is_zip64: bool


class Listed(NamedTuple):
    """An entry, where its bytes end at the earliest, and why it is refused, or nothing."""

    entry: Entry
    end: int
    problem: str


class Damage(Exception):  # noqa: N818 (never leaves this module)
    """The directory contradicts itself or the file."""


def read_directory(path: Path) -> Directory:
    """Reads the central directory of a zip, and checks it as a whole.

    Args:
        path: the zip.

    Returns:
        Its files.

    Raises:
        ArchiveError: the file is missing, unreadable, truncated or no zip; or its directory contradicts itself or
            the file: members that overlap, that lie beyond the file, or more or fewer of them than it says.
    """
    if not path.is_file():
        raise ArchiveError(f"the archive {path} is not a file" if path.exists() else f"there is no archive {path}")
    try:
        with path.open("rb") as file:
            extent = find_directory(file)
            return collect(file, extent)
    except (Damage, struct.error) as error:
        if path.stat().st_size == 0:
            raise ArchiveError(f"the archive {path} is empty (0 bytes)") from error
        raise ArchiveError(f"{path} is no whole zip file: truncated, or not a zip ({error})") from error
    except OSError as error:
        raise ArchiveError(f"cannot read the archive {path}: {error.strerror or error}") from error


def find_directory(file: BinaryIO) -> Extent:
    """Finds the directory by the record at the file's end."""
    file_bytes = file.seek(0, 2)
    tail_start = max(0, file_bytes - END.size - MAX_COMMENT_BYTES)
    file.seek(tail_start)
    tail = file.read(END.size + MAX_COMMENT_BYTES)
    at = tail.rfind(END_SIGNATURE)
    while at >= 0 and not ends_the_file(tail[at:]):
        at = tail.rfind(END_SIGNATURE, 0, at)
    if at < 0:
        raise Damage("no record of a directory at its end")
    fields = END.unpack_from(tail, at)[1:-1]
    after = tail_start + at
    fields64 = read_end64(file, after)
    if fields64:
        if any(short not in (long, limit) for short, long, limit in zip(fields, fields64, END_LIMITS, strict=True)):
            raise Damage("its two end records disagree")
        fields, after = fields64, after - LOCATOR64.size - END64.size
    disk, first_disk, count_here, count, size, offset = fields
    if disk or first_disk or count_here != count:
        raise Damage("a part of a zip in several parts")
    start = after - size
    if start < offset:
        raise Damage("its directory would begin before the file")
    return Extent(start=start, end=after, num_entries=count, shift=start - offset, is_zip64=bool(fields64))


def ends_the_file(record: bytes) -> bool:
    """Whether an end record, with its comment, is the last thing in the file."""
    return len(record) >= END.size and END.size + END.unpack_from(record)[-1] == len(record)


def read_end64(file: BinaryIO, position: int) -> tuple[int, ...]:
    """Reads the end record of a large zip, which lies before the usual one; empty where there is none."""
    start = position - LOCATOR64.size - END64.size
    if start < 0:
        return ()
    file.seek(start)
    record = file.read(END64.size + LOCATOR64.size)
    if record[END64.size :][:4] != LOCATOR64_SIGNATURE:
        return ()
    if not record.startswith(END64_SIGNATURE):
        raise Damage("no end record where its locator says")
    return END64.unpack_from(record)[4:]


def collect(file: BinaryIO, extent: Extent) -> Directory:
    """Reads all entries, and checks that they fit the file and one another."""
    entries = Entries()
    refused: list[tuple[str, str]] = []
    starts, ends = array("Q"), array("Q")
    for entry, end, problem in parse_entries(file, extent):
        if end > extent.start:
            raise Damage(f"{shown(entry.name)} would lie beyond the members' part of the file")
        starts.append(entry.header_offset)
        ends.append(end)
        if entry.name.endswith("/") or is_left_behind(entry.name):
            continue
        if problem:
            refused.append((shown(entry.name), problem))
        else:
            entries.append(entry)
    num_found = len(starts)
    # Some programs, as the Finder, count in 16 bits and go round.
    if num_found != extent.num_entries and (extent.is_zip64 or num_found % (IN_MORE_BITS + 1) != extent.num_entries):
        raise Damage(f"it says {extent.num_entries} members and lists {num_found}")
    require_no_overlap(starts, ends, entries)
    return Directory(entries=entries, refused=refused)


def parse_entries(file: BinaryIO, extent: Extent) -> Iterator[Listed]:
    """Reads the entries one by one."""
    file.seek(extent.start)
    position, num_entries = extent.start, 0
    while position < extent.end:
        fixed = file.read(ENTRY.size)
        if len(fixed) < ENTRY.size or not fixed.startswith(ENTRY_SIGNATURE):
            raise Damage("its directory holds something else than entries")
        fields = ENTRY.unpack(fixed)
        name_bytes, extra_bytes, comment_bytes = fields[10:13]
        num_bytes = name_bytes + extra_bytes + comment_bytes
        position += ENTRY.size + num_bytes
        num_entries += 1
        if position > extent.end:
            raise Damage("its directory is cut off")
        if num_entries > MAX_ENTRIES:
            raise Damage(f"more than the {MAX_ENTRIES} members allowed")
        rest = file.read(num_bytes)
        yield make_entry(fields, rest[:name_bytes], rest[name_bytes : name_bytes + extra_bytes], extent.shift)


def make_entry(fields: tuple[int, ...], raw_name: bytes, extra: bytes, shift: int) -> Listed:
    """Makes an entry of its fields."""
    _, made_by, _, flags, method, _, _, crc, stored_bytes, size, _, _, _, _, _, attributes, offset = fields
    problem = ""
    try:
        name = raw_name.decode("utf-8" if flags & IS_UTF8 else "cp437")
    except UnicodeDecodeError:
        name, problem = raw_name.decode("utf-8", "backslashreplace"), "its name is not the UTF-8 that it claims to be"
    if IN_64_BITS in (size, stored_bytes, offset):
        size, stored_bytes, offset = widen((size, stored_bytes, offset), extra)
    kind = stat.S_IFMT(attributes >> 16) if made_by >> 8 in UNIX else 0
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        problem = problem or "a link or a device, not a file"
    entry = Entry(name, offset + shift, stored_bytes, size, crc, method, flags)
    end = entry.header_offset + LOCAL_HEADER_BYTES + len(raw_name) + stored_bytes
    return Listed(entry, end, problem or name_problem(name))


def widen(fields: tuple[int, ...], extra: bytes) -> list[int]:
    """Replaces the fields that did not fit by their values in the extra field for that."""
    at = 0
    while at + EXTRA.size <= len(extra):
        identifier, length = EXTRA.unpack_from(extra, at)
        at += EXTRA.size
        if identifier == EXTRA64:
            num_values = min(length, len(extra) - at) // 8
            values = iter(struct.unpack_from(f"<{num_values}Q", extra, at))
            wide = [next(values, None) if field == IN_64_BITS else field for field in fields]
            if None not in wide:
                return [value for value in wide if value is not None]
            break
        at += length
    raise Damage("a member's size or place is missing")


def require_no_overlap(starts: "array[int]", ends: "array[int]", entries: Entries) -> None:
    """Stops at members that share bytes: no program writes such, and a small zip could unpack to any size."""
    first, last = np.frombuffer(starts, np.uint64), np.frombuffer(ends, np.uint64)
    order = np.argsort(first, kind="stable")
    overlapping = np.flatnonzero(first[order][1:] < last[order][:-1])
    if len(overlapping):
        offset = int(first[order[overlapping[0] + 1]])
        names = sorted(entry.name for entry in entries if entry.header_offset == offset)
        raise Damage(f"members overlap: {', '.join(names[:2]) or 'a folder'} and another")
