"""A zip that already lies on this machine."""

import shutil
from pathlib import Path

from unmask.config import DownloadConfig
from unmask.data.archives.contents import GROUP_TABLE
from unmask.data.archives.directory import read_directory
from unmask.data.raw import SOURCE_FILE, Folders, describe
from unmask.errors import ArchiveError, ConfigError, StorageError
from unmask.records import Source


def fetch(config: DownloadConfig, folders: Folders) -> Source:
    """Copies the zip named by `download.archive`, and a `sources.csv` beside it.

    A copy, not a link: DVC takes the target into its cache and protects it, which must not reach the original.

    Args:
        config: `archive` is the path of the zip.
        folders: `target` receives the copies.

    Returns:
        Where the data set came from, as far as a local file tells.

    Raises:
        ConfigError: `download.archive` is empty, or named like a file that the stage itself writes.
        ArchiveError: the file is missing, truncated or no zip, or the table beside it cannot be read.
        StorageError: the copy would not fit on the disk.
    """
    if not config.archive:
        raise ConfigError("download.archive is empty: source 'archive' needs the path of a zip file there")
    original = Path(config.archive)
    if original.name in (SOURCE_FILE, GROUP_TABLE):
        raise ConfigError(f"download.archive: the stage writes a {original.name} of its own: rename {original}")
    read_directory(original)  # stops before a copy of what is no zip
    require_space(folders.target, original.stat().st_size)
    archive = folders.target / original.name
    shutil.copyfile(original, archive)
    groups = original.with_name(GROUP_TABLE)
    if groups.is_file():
        copy_table(groups, folders.target / GROUP_TABLE)
    return describe(archive, name=original.stem, version="", url="", licence="as its maker states")


def copy_table(source: Path, target: Path) -> None:
    """Copies a table; that it cannot be read is said of the table, not of the target.

    Raises:
        ArchiveError: the table cannot be read.
    """
    try:
        content = source.read_bytes()
    except OSError as error:
        raise ArchiveError(f"cannot read {source}: {error.strerror}") from error
    target.write_bytes(content)


def require_space(target: Path, num_bytes: int) -> None:
    """Stops before a copy that would not fit.

    Args:
        target: an existing folder.
        num_bytes: what will be written there.

    Raises:
        StorageError: less is free than will be written.
    """
    free_bytes = shutil.disk_usage(target).free
    if free_bytes < num_bytes:
        raise StorageError(
            f"no space left in {target}: {num_bytes / 1e6:.0f} MB are needed and {free_bytes / 1e6:.0f} MB are free"
        )
