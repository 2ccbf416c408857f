"""The folder `data/raw`: one zip, and `source.json` that says which and where it came from."""

from pathlib import Path

from unmask.artifacts import read_json
from unmask.errors import ArchiveError

SOURCE_FILE = "source.json"


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
