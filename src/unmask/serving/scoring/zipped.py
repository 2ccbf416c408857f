"""The pictures in a zip."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from unmask.data.archives.directory import read_directory
from unmask.data.archives.entries import Entry
from unmask.data.archives.reader import ArchiveReader
from unmask.errors import ArchiveError, ImageError, ScoringError
from unmask.serving.inputs import Named, is_picture
from unmask.serving.scoring.sources import Listed


@dataclass(frozen=True)
class Zipped:
    """A zip, read in place.

    Attributes:
        address: its absolute path.
    """

    address: str

    def pictures(self) -> Iterator[Listed]:
        """See `Source.pictures`: sorted by name. A member that no archive may hold is listed with the reason."""
        try:
            directory = read_directory(Path(self.address))
        except ArchiveError as error:
            raise ScoringError(str(error)) from error
        for entry in directory.entries.sorted_by_name():
            if is_picture(entry.name):
                yield Listed(entry.name, f"{entry.crc:08x}-{entry.bytes}", place=tuple(entry[1:]))
        for name, reason in sorted(directory.refused):
            if is_picture(name):
                yield Listed(name, "", problem=reason)

    def read(self, pictures: Iterable[Listed]) -> Iterator[Named]:
        """See `Source.read`."""
        try:
            reader = ArchiveReader(Path(self.address))
        except ArchiveError as error:
            raise ScoringError(str(error)) from error
        with reader:
            for picture in pictures:
                if picture.problem:
                    yield Named(picture.name, ImageError(picture.problem))
                    continue
                try:
                    yield Named(picture.name, reader.read(Entry(picture.name, *picture.place)))
                except ImageError as error:
                    yield Named(picture.name, error)
