"""Zips put together byte by byte, so that a test can make any field of them lie."""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

DEFLATED = 8
IS_UTF8, SIZES_FOLLOW = 0x800, 0x8
UNIX = 3 << 8


@dataclass(frozen=True)
class Forged:
    """One member; `central` and `local` replace fields of its two headers."""

    name: str | bytes
    content: bytes = b"x"
    method: int = 0
    flags: int = 0
    mode: int = 0
    extra: bytes = b""
    central: dict[str, Any] = field(default_factory=dict)
    local: dict[str, Any] = field(default_factory=dict)

    def fields(self, offset: int) -> dict[str, Any]:
        """Gives what an honest header of it says."""
        name = self.name.encode() if isinstance(self.name, str) else self.name
        is_text = isinstance(self.name, str) and not self.name.isascii()
        stored = deflate(self.content) if self.method == DEFLATED else self.content
        return {
            "name": name,
            "flags": self.flags | (IS_UTF8 if is_text else 0),
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


def write_zip(members: Sequence[Forged], *, prefix: bytes = b"", comment: bytes = b"", **end: int) -> bytes:
    """Puts a zip together.

    Args:
        members: its members; one whose flags say so has its sizes behind its bytes.
        prefix: bytes before it.
        comment: its comment.
        end: fields of its end record to replace: disk, count, size, offset; `in_64_bits=1` adds a record of that kind.

    Returns:
        The zip's bytes.
    """
    body, directory = bytearray(prefix), bytearray()
    for member in members:
        honest = member.fields(len(body))
        directory += directory_entry(honest | member.central, extra=member.extra, mode=member.mode)
        body += local_member(honest, honest | member.local)
    said = {"disk": 0, "count": len(members), "size": len(directory), "offset": len(body), "in_64_bits": 0} | end
    record = end_in_64_bits(said, position=len(body) + len(directory)) if said["in_64_bits"] else b""
    numbers = (said["disk"], said["disk"], said["count"], said["count"], said["size"], said["offset"], len(comment))
    return bytes(body + directory + record + struct.pack("<4s4H2IH", b"PK\x05\x06", *numbers) + comment)


def local_member(honest: dict[str, Any], said: dict[str, Any]) -> bytes:
    """Writes a member's own header, and its bytes."""
    sizes = (said["crc"], said["stored_bytes"], said["bytes"])
    follows = bool(honest["flags"] & SIZES_FOLLOW)
    numbers = (20, said["flags"], said["method"], 0, 0, *((0, 0, 0) if follows else sizes))
    header = struct.pack("<4s5H3I2H", b"PK\x03\x04", *numbers, len(said["name"]), 0) + said["name"]
    return header + honest["stored"] + (struct.pack("<4s3I", b"PK\x07\x08", *sizes) if follows else b"")


def directory_entry(said: dict[str, Any], *, extra: bytes, mode: int) -> bytes:
    """Writes what the directory says of a member."""
    numbers = (UNIX, 20, said["flags"], said["method"], 0, 0, said["crc"], said["stored_bytes"], said["bytes"])
    rest = (len(said["name"]), len(extra), 0, 0, 0, mode << 16, said["offset"])
    return struct.pack("<4s6H3I5H2I", b"PK\x01\x02", *numbers, *rest) + said["name"] + extra


def end_in_64_bits(said: dict[str, int], *, position: int) -> bytes:
    """Writes the end record of a large zip, and its locator."""
    numbers = (44, 45, 45, said["disk"], said["disk"], said["count"], said["count"], said["size"], said["offset"])
    record = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", *numbers)
    return record + struct.pack("<4sIQI", b"PK\x06\x07", 0, position, 1)
