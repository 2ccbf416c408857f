"""Zips put together byte by byte, so that a test can make any field of them lie."""

import stat
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

SYMLINK = stat.S_IFLNK | 0o777


@dataclass
class Forged:
    """One member; `central` and `local` replace fields of its two headers."""

    name: str | bytes
    content: bytes = b"x"
    method: int = 0
    flags: int = 0
    mode: int = 0
    extra: bytes = b""
    central: dict[str, int] = field(default_factory=dict)
    local: dict[str, Any] = field(default_factory=dict)

    def fields(self, offset: int) -> dict[str, Any]:
        """Gives what an honest header of it says."""
        name = self.name.encode() if isinstance(self.name, str) else self.name
        is_text = isinstance(self.name, str) and not self.name.isascii()
        stored = deflate(self.content) if self.method == 8 else self.content
        return {
            "name": name,
            "flags": self.flags | (0x800 if is_text else 0),
            "method": self.method,
            "crc": zlib.crc32(self.content),
            "stored_bytes": len(stored),
            "bytes": len(self.content),
            "offset": offset,
            "stored": stored,
        }


def deflate(content: bytes) -> bytes:
    """Compresses as zips do."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    return compressor.compress(content) + compressor.flush()


def local_header(said: dict[str, Any]) -> bytes:
    """Writes the header before a member's bytes."""
    numbers = (20, said["flags"], said["method"], 0, 0, said["crc"], said["stored_bytes"], said["bytes"])
    return struct.pack("<4s5H3I2H", b"PK\x03\x04", *numbers, len(said["name"]), 0) + said["name"]


def directory_entry(said: dict[str, Any], *, extra: bytes, mode: int) -> bytes:
    """Writes what the directory says of a member."""
    numbers = (3 << 8, 20, said["flags"], said["method"], 0, 0, said["crc"], said["stored_bytes"], said["bytes"])
    rest = (len(said["name"]), len(extra), 0, 0, 0, mode << 16, said["offset"])
    return struct.pack("<4s6H3I5H2I", b"PK\x01\x02", *numbers, *rest) + said["name"] + extra


def write_zip(members: Sequence[Forged], *, prefix: bytes = b"", comment: bytes = b"", **end: int) -> bytes:
    """Puts a zip together; `end` replaces fields of its end record: disk, count, size, offset."""
    body, directory = bytearray(prefix), bytearray()
    for member in members:
        honest = member.fields(len(body))
        directory += directory_entry(honest | member.central, extra=member.extra, mode=member.mode)
        body += local_header(honest | member.local) + honest["stored"]
    said = {"disk": 0, "count": len(members), "size": len(directory), "offset": len(body)} | end
    record = struct.pack(
        "<4s4H2IH",
        b"PK\x05\x06",
        said["disk"],
        said["disk"],
        said["count"],
        said["count"],
        said["size"],
        said["offset"],
        len(comment),
    )
    return bytes(body + directory + record + comment)


@pytest.fixture
def forge(tmp_path: Path) -> Callable[..., Path]:
    """Writes a zip of forged members after an honest image of each class: `forge(Forged("real/../a.jpg"))`."""

    def write(*members: Forged, honest: bool = True, **options: Any) -> Path:
        path = tmp_path / "forged.zip"
        both = [Forged("real/honest.jpg"), Forged("fake/honest.jpg")] if honest else []
        path.write_bytes(write_zip([*both, *members], **options))
        return path

    return write


@pytest.fixture
def forged() -> type[Forged]:
    """Gives the class of forged members, which test files cannot import."""
    return Forged
