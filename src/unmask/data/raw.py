"""The folder `data/raw`: one zip, and `source.json` that says which and where it came from."""

from dataclasses import dataclass
from pathlib import Path

from unmask.artifacts import read_json, sha256_of_file
from unmask.errors import ArchiveError
from unmask.records import Source

SOURCE_FILE = "source.json"


@dataclass(frozen=True)
class Folders:
    """Where a source works.

    Attributes:
        target: an existing folder that receives the zip; the stage renames it onto `output` when all is well.
        output: what the last whole download left, to be read only; it may not exist.
        partial: for what must outlive an interrupted run; it may not exist, and is removed after success.
    """

    target: Path
    output: Path
    partial: Path


def describe(archive: Path, *, name: str, version: str, url: str, licence: str) -> Source:
    """Says where a zip came from and what it is; reads it once, for its hash.

    Args:
        archive: the zip.
        name: the data set's name.
        version: the upstream version, or empty.
        url: a page about it, or empty.
        licence: its terms, in a few words.
    """
    return Source(
        name=name,
        version=version,
        url=url,
        licence=licence,
        archive=archive.name,
        bytes=archive.stat().st_size,
        sha256=sha256_of_file(archive),
    )


def read_source(raw: Path) -> Source | None:
    """Reads what an earlier `download` said of its zip.

    Returns:
        The source; None when the folder holds no readable `source.json`.
    """
    try:
        return Source(**read_json(raw / SOURCE_FILE))
    except (OSError, ValueError, TypeError):
        return None


def find_archive(raw: Path) -> Path:
    """Finds the zip in a folder that `download` made.

    Returns:
        The zip's path.

    Raises:
        ArchiveError: the folder has no readable `source.json`, or the zip it names is missing.
    """
    source = raw / SOURCE_FILE
    try:
        archive = raw / Path(read_json(source)["archive"]).name
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArchiveError(f"cannot tell which zip {raw} holds: {source} is missing or damaged") from error
    if not archive.is_file():
        raise ArchiveError(f"{source} names {archive.name}, which is missing beside it")
    return archive


def require_source(raw: Path) -> Source:
    """Reads what `download` said of its zip, where it must be there.

    Raises:
        ArchiveError: the folder holds no readable `source.json`.
    """
    source = read_source(raw)
    if source is None:
        raise ArchiveError(f"{raw / SOURCE_FILE} is missing or damaged: run the download stage")
    return source
