"""Changes to pictures and archives, as data: a failing example prints as what was done to which base.

A place is a share of the whole, in [0, 1), so that one list of changes fits any base, and shrinks.
"""

import struct
import sys
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

import bases
from forged_zip import Forged, write_zip

PNG_SIGNATURE_BYTES, RIFF_HEADER_BYTES = 8, 12
END, LOCATOR64, END64, ENTRY, LOCAL = b"PK\x05\x06", b"PK\x06\x07", b"PK\x06\x06", b"PK\x01\x02", b"PK\x03\x04"
# The fields of each record: offset and width (APPNOTE.TXT, sections 4.3.7 to 4.3.16).
FIELDS = {
    END: [(4, 2), (6, 2), (8, 2), (10, 2), (12, 4), (16, 4), (20, 2)],
    LOCATOR64: [(4, 4), (8, 8), (16, 4)],
    END64: [(4, 8), (12, 2), (16, 4), (20, 4), (24, 8), (32, 8), (40, 8), (48, 8)],
    ENTRY: [(4, 2), (8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (28, 2), (30, 2), (32, 2), (34, 2), (38, 4), (42, 4)],
    LOCAL: [(4, 2), (6, 2), (8, 2), (14, 4), (18, 4), (22, 4), (26, 2), (28, 2)],
}
NAMES = [
    b"../../set/real/up.jpg",
    b"/set/real/absolute.jpg",
    b"C:\\set\\real\\drive.jpg",
    b"set\\real\\backslash.jpg",
    b"set/real/line\nend\r.jpg",
    b"set/real/\x1b[2Jescape.jpg",
    b"set/real/nul\x00.jpg",
    b"set/real/not utf-8 \xff\xfe.jpg",
    "set/real/\u202egpj.turned".encode(),
    "set/fake/\u7b11\u9854 \U0001f600.jpg".encode(),
    b"set/real/" + b"deep/" * 10_000 + b"a.jpg",
    b"set/real/" + b"long" * 16_000,
    b"set/train/real/a.jpg",
    b"SET/TRAIN/REAL/A.JPG",
    b"set/real/fake/both.jpg",
    b"set/fake/directory/",
    b"other/stray.png",
    b"__MACOSX/set/real/._a.jpg",
    b'set/real/"quotes", and commas;=cmd.jpg',
    b"",
    b"more.csv",
    b"../more.csv",
]


@dataclass(frozen=True)
class Flip:
    """Changes one byte."""

    at: float
    mask: int

    def apply(self, content: bytes) -> bytes:
        """Changes the content."""
        if not content:
            return content
        place = int(self.at * len(content))
        return content[:place] + bytes([content[place] ^ self.mask]) + content[place + 1 :]


@dataclass(frozen=True)
class Keep:
    """Keeps the beginning: a download that stopped."""

    share: float

    def apply(self, content: bytes) -> bytes:
        """Changes the content."""
        return content[: int(self.share * len(content))]


@dataclass(frozen=True)
class Splice:
    """Replaces one stretch by a copy of another; an empty one deletes, or repeats."""

    at: float
    replaced: float
    source: float
    taken: float

    def apply(self, content: bytes) -> bytes:
        """Changes the content."""
        size = len(content)
        place, source = int(self.at * size), int(self.source * size)
        copy = content[source : source + int(self.taken * size / 8)]
        return content[:place] + copy + content[place + int(self.replaced * size / 8) :]


@dataclass(frozen=True)
class Insert:
    """Puts bytes in."""

    at: float
    inserted: bytes

    def apply(self, content: bytes) -> bytes:
        """Changes the content."""
        place = int(self.at * len(content))
        return content[:place] + self.inserted + content[place:]


@dataclass(frozen=True)
class SetField:
    """Sets a field of one of a zip's records."""

    record: bytes
    which: float
    field: float
    value: int

    def apply(self, content: bytes) -> bytes:
        """Changes the content."""
        places = [at for at in range(len(content)) if content.startswith(self.record, at)]
        if not places:
            return content
        fields = FIELDS[self.record]
        offset, width = fields[int(self.field * len(fields))]
        return overwrite(content, places[int(self.which * len(places))] + offset, self.value, width=width)


@dataclass(frozen=True)
class SwapOffsets:
    """Lets two entries of a zip's directory point at each other's bytes."""

    first: float
    second: float

    def apply(self, content: bytes) -> bytes:
        """Changes the content."""
        places = [at + 42 for at in range(len(content)) if content.startswith(ENTRY, at)]
        if not places or max(places) + 4 > len(content):
            return content
        first, second = places[int(self.first * len(places))], places[int(self.second * len(places))]
        changed = bytearray(content)
        changed[first : first + 4], changed[second : second + 4] = (
            content[second : second + 4],
            content[first : first + 4],
        )
        return bytes(changed)


@dataclass(frozen=True)
class Piece:
    """Repeats, deletes, moves, cuts or empties one of a picture's segments or chunks."""

    action: str
    which: float
    other: float

    def apply(self, content: bytes) -> bytes:
        """Changes the content."""
        pieces = split(content)
        if len(pieces) < 2:
            return content
        which, other = int(self.which * len(pieces)), int(self.other * len(pieces))
        if self.action == "repeat":
            pieces[which:which] = [pieces[which]] * (1 + 300 * (other == 0))
        elif self.action == "delete":
            del pieces[which]
        elif self.action == "move":
            pieces.insert(other, pieces.pop(which))
        elif self.action == "cut":
            pieces[which] = pieces[which][: int(self.other * len(pieces[which]))]
        return b"".join(pieces)


@dataclass(frozen=True)
class SetNumber:
    """Sets a number near the beginning of a piece, and makes its checksum right again, so that it is believed."""

    which: float
    at: int
    width: int
    value: int

    def apply(self, content: bytes) -> bytes:
        """Changes the content."""
        pieces = split(content)
        which = int(self.which * len(pieces))
        is_little = content.startswith(b"RIFF")
        pieces[which] = overwrite(
            pieces[which], self.at, self.value, width=self.width, order="little" if is_little else "big"
        )
        if content.startswith(b"\x89PNG") and which and len(pieces[which]) >= 12:
            pieces[which] = pieces[which][:-4] + struct.pack(">I", zlib.crc32(pieces[which][4:-4]))
        return b"".join(pieces)


@dataclass(frozen=True)
class SetSize:
    """Claims a width and a height, where each format has them, and makes the checksum right again."""

    width: int
    height: int

    def apply(self, content: bytes) -> bytes:
        """Changes the content."""
        frame = max(content.find(b"\xff\xc0"), content.find(b"\xff\xc2"))
        if content.startswith(b"\x89PNG") and len(content) > 33:
            header = content[12:16] + struct.pack(">2I", self.width, self.height) + content[24:29]
            return content[:12] + header + struct.pack(">I", zlib.crc32(header)) + content[33:]
        if content.startswith(b"\xff\xd8") and frame > 0:
            content = overwrite(content, frame + 5, self.height, width=2, order="big")
            return overwrite(content, frame + 7, self.width, width=2, order="big")
        kind = content[12:16]
        if kind == b"VP8X":
            return overwrite(overwrite(content, 24, self.width - 1, width=3), 27, self.height - 1, width=3)
        if kind == b"VP8 ":
            return overwrite(overwrite(content, 26, self.width, width=2), 28, self.height, width=2)
        if kind == b"VP8L":
            return overwrite(content, 21, (self.width - 1 & 0x3FFF) | (self.height - 1 & 0x3FFF) << 14, width=4)
        return content


def overwrite(content: bytes, at: int, value: int, *, width: int, order: Any = "little") -> bytes:
    """Writes a number over some bytes, where there are enough."""
    if at + width > len(content):
        return content
    return content[:at] + (value % (1 << 8 * width)).to_bytes(width, order) + content[at + width :]


def split(content: bytes) -> list[bytes]:
    """Cuts a picture into its start and its segments or chunks; anything else into one piece."""
    pieces, at = [], 0
    if content.startswith(b"\x89PNG"):
        pieces, at = [content[:PNG_SIGNATURE_BYTES]], PNG_SIGNATURE_BYTES
        while at < len(content):
            end = at + 12 + int.from_bytes(content[at : at + 4], "big")
            pieces.append(content[at:end])
            at = end
    elif content.startswith(b"RIFF"):
        pieces, at = [content[:RIFF_HEADER_BYTES]], RIFF_HEADER_BYTES
        while at < len(content):
            size = int.from_bytes(content[at + 4 : at + 8], "little")
            end = at + 8 + size + size % 2
            pieces.append(content[at:end])
            at = end
    elif content.startswith(b"\xff\xd8"):
        starts = [at for at in range(len(content) - 1) if content[at] == 0xFF and content[at + 1] >= 0xC0]
        starts = [at for at in starts if not 0xD0 <= content[at + 1] <= 0xD7] or [0]
        pieces = [content[start:end] for start, end in zip(starts, [*starts[1:], len(content)], strict=True)]
    return pieces or [content]


@dataclass(frozen=True)
class MutatedPicture:
    """A picture of `bases.pictures`, changed."""

    base: str
    changes: tuple[Any, ...]

    def content(self) -> bytes:
        """Makes the bytes."""
        content = bases.pictures()[self.base]
        for change in self.changes:
            content = change.apply(content)
        return content

    def archive(self) -> bytes:
        """Makes an honest archive of it, in both classes."""
        content = self.content()
        return write_zip([*bases.members(), Forged("set/real/mutated.jpg", content), Forged("fake/mutated", content)])


@dataclass(frozen=True)
class MutatedArchive:
    """An archive of `bases.layouts`, its members changed, then its bytes."""

    base: str
    members: tuple[Any, ...]
    changes: tuple[Any, ...]

    def archive(self) -> bytes:
        """Makes the bytes."""
        members, options = bases.layouts()[self.base]
        members = list(members)
        for change in self.members:
            change.apply(members)
        content = write_zip(members, **options)
        for change in self.changes:
            content = change.apply(content)
        return content


@dataclass(frozen=True)
class Rename:
    """Calls a member something else."""

    which: float
    name: bytes
    flags: int

    def apply(self, members: list[Forged]) -> None:
        """Changes the members."""
        which = int(self.which * len(members))
        members[which] = replace(members[which], name=self.name, flags=members[which].flags | self.flags)


@dataclass(frozen=True)
class Refill:
    """Gives a member another content: nothing, an archive, a bomb, or a change of its own."""

    which: float
    kind: str
    change: Any

    def apply(self, members: list[Forged]) -> None:
        """Changes the members."""
        which = int(self.which * len(members))
        contents = {
            "empty": b"",
            "archive": write_zip(bases.members()[:2]),
            "bomb": bytes(3_000_000),
            "changed": self.change.apply(members[which].content),
        }
        members[which] = replace(members[which], content=contents[self.kind])


@dataclass(frozen=True)
class Remake:
    """Repeats a member, or makes it a link, encrypted, or of another method."""

    which: float
    kind: str

    def apply(self, members: list[Forged]) -> None:
        """Changes the members."""
        which = int(self.which * len(members))
        member = members[which]
        kinds = {
            "repeat": [member, member],
            "link": [replace(member, mode=0o120777)],
            "encrypted": [replace(member, flags=member.flags | 1)],
            "method": [replace(member, central={"method": 14}, local={"method": 14})],
            "claim": [replace(member, central={"bytes": 10}, local={"bytes": 10})],
            "gone": [],
        }
        members[which : which + 1] = kinds[self.kind] if len(members) > 1 else [member]


shares = st.floats(0, 1, exclude_max=True, width=32)
numbers = st.one_of(
    st.sampled_from([0, 1, 2, 3, 8, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF, 0x10000]),
    st.sampled_from([0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF, 2**63 - 1, 2**63, 2**64 - 1]),
    st.integers(0, 2**16),
    st.integers(0, 2**64 - 1),
)
byte_changes = st.one_of(
    st.builds(Flip, shares, st.integers(1, 255)),
    st.builds(Keep, shares),
    st.builds(Splice, shares, shares, shares, shares),
    st.builds(Insert, shares, st.binary(min_size=1, max_size=40)),
)
piece_changes = st.one_of(
    st.builds(Piece, st.sampled_from(["repeat", "delete", "move", "cut"]), shares, shares),
    st.builds(SetNumber, shares, st.integers(0, 40), st.sampled_from([1, 2, 4]), numbers),
)
sides = st.sampled_from([0, 1, 45, 600, 2000, 6000, 16_383, 65_535, 10**6, 2**31 - 1]) | st.integers(1, 2**14)
size_changes = st.builds(SetSize, sides, sides)
zip_changes = st.one_of(
    st.builds(SetField, st.sampled_from(list(FIELDS)), shares, shares, numbers),
    st.builds(SwapOffsets, shares, shares),
)
member_changes = st.one_of(
    st.builds(Rename, shares, st.sampled_from(NAMES) | st.binary(max_size=30), st.sampled_from([0, 0x800])),
    st.builds(Refill, shares, st.sampled_from(["empty", "archive", "bomb", "changed"]), byte_changes),
    st.builds(Remake, shares, st.sampled_from(["repeat", "link", "encrypted", "method", "claim", "gone"])),
)


def some(changes: Any) -> Any:
    """Makes a list of one to four changes."""
    return st.lists(changes, min_size=1, max_size=4).map(tuple)


def mutated_pictures() -> Any:
    """Gives changed pictures: their bytes, their pieces, the sizes they claim."""
    return st.builds(
        MutatedPicture, st.sampled_from(list(bases.pictures())), some(byte_changes | piece_changes | size_changes)
    )


def mutated_archives() -> Any:
    """Gives changed archives: their members, their records, or their bytes."""
    names = st.sampled_from(list(bases.layouts()))
    return st.one_of(
        st.builds(MutatedArchive, names, some(member_changes), st.just(())),
        st.builds(MutatedArchive, names, st.just(()), some(zip_changes)),
        st.builds(MutatedArchive, names, st.just(()), some(zip_changes | byte_changes)),
        st.builds(MutatedArchive, names, some(member_changes), some(zip_changes)),
    )
