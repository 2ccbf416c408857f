"""Writing files so that they are whole or absent, and the same bytes for the same content."""

import errno
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from unmask.errors import StorageError

CHUNK_BYTES = 1 << 20


@contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Gives a temporary path beside `target` and renames it onto `target` on success.

    Args:
        target: the file or folder to make. Missing parents are created; an existing target is replaced only when
            the block ends without an error.

    Yields:
        A path that does not exist yet, in a temporary folder beside the target, with the target's own name.

    Raises:
        StorageError: the disk is full, or the place cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        workspace = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        raise storage_error(target, error) from error
    try:
        temporary = workspace / target.name
        yield temporary
        replace(temporary, target)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM):
            raise storage_error(target, error) from error
        raise
    finally:
        shutil.rmtree(workspace, ignore_errors=True)


def replace(source: Path, target: Path) -> None:
    """Renames a file or folder onto `target`, replacing what is there; when that fails, what was there stays."""
    if source.is_dir() and target.is_dir():
        retired = source.with_name(f"{source.name}.retired")
        target.rename(retired)
        try:
            source.replace(target)
        except OSError:
            retired.rename(target)
            raise
    else:
        source.replace(target)


def storage_error(target: Path, error: OSError) -> StorageError:
    """Turns an operating-system error into one that says what to do.

    Returns:
        The error to raise: it names the target, the reason and the space left.
    """
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageError(f"no space left to write {target}: free some disk space and run the command again")
    return StorageError(f"cannot write {target}: {error.strerror or error}")


def write_text(target: Path, text: str) -> None:
    """Writes UTF-8 text atomically."""
    with atomic_path(target) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(target: Path, content: Any) -> None:
    """Writes JSON atomically, keys sorted, so that equal content gives equal bytes."""
    write_text(target, json.dumps(content, indent=2, sort_keys=True, allow_nan=False) + "\n")


def write_csv(target: Path, table: pd.DataFrame) -> None:
    """Writes a table without its index, atomically."""
    with atomic_path(target) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")


def read_json(source: Path) -> Any:
    """Reads a JSON file."""
    return json.loads(source.read_text(encoding="utf-8"))


def sha256_of_file(source: Path) -> str:
    """Hashes a file in chunks.

    Returns:
        The SHA-256 in hexadecimal.
    """
    with source.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_text(text: str) -> str:
    """Hashes a text's UTF-8 bytes, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
