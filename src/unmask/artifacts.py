"""Writing files so that they are whole or absent, and the same bytes for the same content."""

import ctypes
import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unmask.errors import StorageError

if TYPE_CHECKING:  # seconds, which whoever writes no table need not wait
    import pandas as pd

UNFINISHED = ".unfinished"  # ends the name of a temporary folder; a name that no other program gives
TEMPORARY = re.compile(rf"(?<![^/\s])\.[^/]+?{re.escape(UNFINISHED)}/")  # a name may hold spaces
FULL = (errno.ENOSPC, errno.EDQUOT)
REFUSED = (errno.EROFS, errno.EACCES, errno.EPERM)
AT_FDCWD, RENAME_EXCHANGE = -100, 2  # of Linux, for `renameat2`


@contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Gives a temporary path beside `target` and renames it onto `target` on success.

    What a killed process left beside the same target is cleared first.

    Args:
        target: the file or folder to make. Missing parents are created; an existing target is replaced only when
            the block ends without an error.

    Yields:
        A path that does not exist yet, in a temporary folder beside the target, with the target's own name.

    Raises:
        StorageError: the disk is full, or the place cannot be written.
    """
    with storage_errors(target), ExitStack() as stack:
        make_folder(target.parent)
        clear_leftovers(target)
        temporary = stack.enter_context(workspace(target)) / target.name
        yield temporary
        replace(temporary, target)


def make_folder(folder: Path) -> None:
    """Makes a folder and its parents where they are missing.

    Raises:
        StorageError: a file of such a name is in the way.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise StorageError(f"cannot make the folder {folder}: a file is in its way") from error


@contextmanager
def workspace(target: Path) -> Iterator[Path]:
    """Makes a hidden folder beside `target`, locked while this process lives and removed at the end of the block."""
    folder, lock = locked_folder(target)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def locked_folder(target: Path) -> tuple[Path, int]:
    """Makes a workspace and locks it; another process may take it for a leftover before it is locked."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=UNFINISHED, dir=target.parent))
        with suppress(FileNotFoundError):
            lock = os.open(folder, os.O_RDONLY)
            if try_lock(lock) is not False and folder.exists():
                return folder, lock
            os.close(lock)


def clear_leftovers(target: Path) -> None:
    """Removes the workspaces of dead processes beside `target`: those whose lock can be taken."""
    for folder in target.parent.iterdir():
        is_workspace = folder.name.startswith(f".{target.name}.") and folder.name.endswith(UNFINISHED)
        if not is_workspace or not folder.is_dir():
            continue
        with suppress(FileNotFoundError):  # its process ended in this moment
            lock = os.open(folder, os.O_RDONLY)
            if try_lock(lock):
                shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def try_lock(descriptor: int) -> bool | None:
    """Locks an open folder for as long as the descriptor is open.

    Returns:
        Whether the lock was free; None where the file system has no locks, so that nothing is known.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def replace(source: Path, target: Path) -> None:
    """Renames a file or folder onto `target`, replacing what is there; when that fails, what was there stays.

    Raises:
        StorageError: a file stands where a folder is to be, or the other way round.
    """
    if target.exists() and source.is_dir() != target.is_dir():
        there = "folder" if target.is_dir() else "file"
        raise StorageError(f"cannot write {target}: a {there} of that name is in the way")
    if not (source.is_dir() and target.is_dir()):
        source.replace(target)
    elif not exchange(source, target):
        retired = source.with_name(f"{source.name}.retired")
        target.rename(retired)
        try:
            source.replace(target)
        except OSError:
            retired.rename(target)
            raise


def exchange(one: Path, other: Path) -> bool:
    """Swaps two names in one step, so that a process killed at any moment leaves each whole.

    Returns:
        Whether it was done: only Linux can, and not on every file system.
    """
    renameat2 = getattr(ctypes.CDLL(None), "renameat2", None)
    if renameat2 is None:
        return False
    return bool(renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) == 0)


@contextmanager
def storage_errors(target: Path) -> Iterator[None]:
    """Turns what the block raises for want of space or permission into a StorageError about `target`."""
    try:
        yield
    except StorageError:
        raise
    except OSError as error:
        if is_full(error) or error.errno in REFUSED:
            raise storage_error(target, error) from error
        raise
    except Exception as error:  # libraries wrap the system's error in ones of their own
        if is_full(error):
            raise storage_error(target, error) from error
        raise


def is_full(error: BaseException) -> bool:
    """Tells whether an error, or one that led to it, says that the disk or the quota is full."""
    cause: BaseException | None = error
    while cause is not None:
        if getattr(cause, "errno", None) in FULL or any(os.strerror(code) in str(cause) for code in FULL):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def storage_error(target: Path, error: Exception) -> StorageError:
    """Turns an error of writing into one that says what to do.

    Returns:
        The error to raise: it names the reason and the target, as it would have been called in the end.
    """
    named = without_temporary(str(target))
    if is_full(error):
        return StorageError(f"no space left to write {named}: free some disk space and run the command again")
    return StorageError(f"cannot write {named}: {getattr(error, 'strerror', None) or error}")


def without_temporary(message: str) -> str:
    """Names files in a message as they would have been called in the end."""
    return TEMPORARY.sub("", message)


def write_text(target: Path, text: str) -> None:
    """Writes UTF-8 text atomically."""
    with atomic_path(target) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(target: Path, content: Any) -> None:
    """Writes JSON atomically, keys sorted, so that equal content gives equal bytes."""
    write_text(target, json.dumps(content, indent=2, sort_keys=True, allow_nan=False) + "\n")


def write_csv(target: Path, table: "pd.DataFrame") -> None:
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
