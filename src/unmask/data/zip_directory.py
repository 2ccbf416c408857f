"""The central directory of a zip: which files it says there are, and where their bytes lie.

It is read once, by one process; workers are handed entries and read their bytes with `data/archive_reader.py`.
"""

import struct
import zipfile
from pathlib import Path
from typing import NamedTuple

from unmask.errors import ArchiveError

DAMAGED = (zipfile.BadZipFile, struct.error, EOFError, OverflowError, RuntimeError, ValueError)


class Entry(NamedTuple):
    """One file of a zip, as its central directory has it. Small and cheap to send to another process.

    Attributes:
        name: its name inside the zip.
        header_offset: where its local header begins, in bytes from the start of the file.
        stored_bytes: how many bytes it takes in the zip, without headers.
        bytes: how many bytes it unpacks to.
        crc: the CRC-32 of these.
        method: how it is compressed (APPNOTE.TXT, section 4.4.5).
        flags: its general purpose bits (section 4.4.4).
    """

    name: str
    header_offset: int
    stored_bytes: int
    bytes: int
    crc: int
    method: int
    flags: int


def read_directory(path: Path) -> list[Entry]:
    """Reads the central directory of a zip.

    Args:
        path: the zip.

    Returns:
        Its files, in the directory's order, without folders.

    Raises:
        ArchiveError: the file is missing, unreadable, truncated or no zip.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return [
                Entry(
                    name=entry.filename,
                    header_offset=entry.header_offset,
                    stored_bytes=entry.compress_size,
                    bytes=entry.file_size,
                    crc=entry.CRC,
                    method=entry.compress_type,
                    flags=entry.flag_bits,
                )
                for entry in archive.infolist()
                if not entry.is_dir()
            ]
    except FileNotFoundError as error:
        raise ArchiveError(f"there is no archive {path}") from error
    except DAMAGED as error:
        if path.stat().st_size == 0:
            raise ArchiveError(f"the archive {path} is empty (0 bytes)") from error
        raise ArchiveError(f"{path} is no whole zip file: truncated, or not a zip ({error})") from error
    except OSError as error:
        raise ArchiveError(f"cannot read the archive {path}: {error.strerror or error}") from error
