"""The bytes of a zip's members, read in place by where they lie, without reading the zip's directory again.

Nothing in the file is believed: a member's own header must agree with the directory, what is read and inflated is
bounded, and its size and CRC must be what the directory says.
"""

import struct
import zlib
from pathlib import Path
from types import TracebackType

from unmask.data.archives.directory import IN_64_BITS, IS_UTF8, LOCAL_HEADER_BYTES
from unmask.data.archives.entries import Entry
from unmask.errors import ArchiveError, ImageError

MAX_MEMBER_BYTES = 1 << 26  # no face photograph takes 64 MB: more is a mistake, or a bomb

# APPNOTE.TXT, section 4.3.7: signature, version, flags, method, time, date, CRC, two sizes, two lengths. The CRC and
# the sizes are zero where the bytes were written before they were known: the directory's are the ones to check.
LOCAL_HEADER = struct.Struct("<4s5H3I2H")
LOCAL_SIGNATURE = b"PK\x03\x04"
STORED, DEFLATED = 0, 8
# Section 4.4.4: encrypted, strongly encrypted, or with a masked header; patches to another file; sizes that follow the
# bytes. Other bits, as of the deflater's effort, may differ between the two headers and change nothing.
ENCRYPTED, PATCHED, SIZES_FOLLOW = 0x1 | 0x40 | 0x2000, 0x20, 0x8
RAW_DEFLATE = -15  # zlib's number for a stream without a header of its own


class ArchiveReader:
    """Reads members of one zip; opened by each process for itself.

    Example:
        with ArchiveReader(path) as reader:
            content = reader.read(entry)
    """

    def __init__(self, path: Path) -> None:
        """Opens the zip, and reads nothing of it.

        Raises:
            ArchiveError: the file is missing or unreadable.
        """
        try:
            self.file = path.open("rb", buffering=0)
        except FileNotFoundError as error:
            raise ArchiveError(f"there is no archive {path}") from error
        except OSError as error:
            raise ArchiveError(f"cannot read the archive {path}: {error.strerror or error}") from error

    def __enter__(self) -> "ArchiveReader":
        """Gives itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Closes the zip."""
        self.file.close()

    def read(self, entry: Entry) -> bytes:
        """Reads one member whole and checks it.

        Args:
            entry: the member, from `read_directory` of the same file.

        Returns:
            The member's bytes.

        Raises:
            ImageError: the member is damaged, too large, or stored in a way that is not read.
        """
        if max(entry.bytes, entry.stored_bytes) > MAX_MEMBER_BYTES:
            largest = max(entry.bytes, entry.stored_bytes)
            raise ImageError(f"{largest} bytes are more than the {MAX_MEMBER_BYTES} allowed")
        if entry.flags & (ENCRYPTED | PATCHED):
            raise ImageError("encrypted, or a patch to another file")
        try:
            stored = self.read_stored(entry)
        except (OSError, OverflowError) as error:
            raise ImageError(f"cannot be read from the archive: {error}") from error
        content = stored if entry.method == STORED else inflate(stored, entry)
        if len(content) != entry.bytes or zlib.crc32(content) != entry.crc:
            raise ImageError("damaged in the archive: its size or its CRC is not what the archive's directory says")
        return content

    def read_stored(self, entry: Entry) -> bytes:
        """Reads a member as it is stored, after checking its own header."""
        name = entry.name.encode("utf-8" if entry.flags & IS_UTF8 else "cp437")
        self.file.seek(entry.header_offset)
        header = self.file.read(LOCAL_HEADER_BYTES + len(name))
        if len(header) != LOCAL_HEADER_BYTES + len(name) or not header.startswith(LOCAL_SIGNATURE):
            raise ImageError("damaged in the archive: it has no header where the archive's directory says")
        extra_length = check_header(header, name, entry)
        if extra_length:
            self.file.seek(extra_length, 1)
        stored = self.file.read(entry.stored_bytes)
        if len(stored) != entry.stored_bytes:
            raise ImageError("damaged in the archive: it goes on beyond the archive's end")
        return stored


def check_header(header: bytes, name: bytes, entry: Entry) -> int:
    """Compares a member's own header with the directory.

    Returns:
        How many bytes of extra fields follow the header.
    """
    _, _, flags, method, _, _, crc, stored_bytes, size, name_bytes, extra_bytes = LOCAL_HEADER.unpack_from(header)
    is_same = (name_bytes, header[LOCAL_HEADER_BYTES:], method) == (len(name), name, entry.method)
    is_same = is_same and not (flags ^ entry.flags) & (ENCRYPTED | PATCHED)
    if not flags & SIZES_FOLLOW:
        is_same = is_same and crc == entry.crc
        is_same = is_same and stored_bytes in (entry.stored_bytes, IN_64_BITS) and size in (entry.bytes, IN_64_BITS)
    if not is_same:
        raise ImageError("damaged in the archive: its header and the archive's directory disagree")
    return int(extra_bytes)


def inflate(stored: bytes, entry: Entry) -> bytes:
    """Unpacks a deflated member, and no more of it than the directory says there is."""
    if entry.method != DEFLATED:
        raise ImageError(f"compressed by method {entry.method}: only stored and deflated members are read")
    decompressor = zlib.decompressobj(RAW_DEFLATE)
    try:
        content = decompressor.decompress(stored, entry.bytes + 1)
    except zlib.error as error:
        raise ImageError(f"damaged in the archive: {error}") from error
    if not decompressor.eof:
        raise ImageError("damaged in the archive: its size is not what the archive's directory says")
    return content
