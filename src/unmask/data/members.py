"""Reading some members of an archive again, later, as what they were."""

import hashlib
from pathlib import Path

from unmask.data.archives.contents import locate
from unmask.data.archives.reader import ArchiveReader
from unmask.errors import ArchiveError, ImageError


def read_members(archive: Path, members: list[str], hashes: list[str]) -> tuple[bytes, ...]:
    """Reads members of a zip that must have the given sha256.

    Raises:
        ArchiveError: a member is missing or damaged, or has changed.
    """
    contents = []
    with ArchiveReader(archive) as reader:
        for entry, sha256 in zip(locate(archive, members), hashes, strict=True):
            try:
                content = reader.read(entry)
            except ImageError as error:
                raise ArchiveError(f"cannot read {entry.name} from {archive}: {error}") from error
            if hashlib.sha256(content).hexdigest() != sha256:
                raise ArchiveError(f"{entry.name} in {archive} is not what was split: run `dvc repro`")
            contents.append(content)
    return tuple(contents)
