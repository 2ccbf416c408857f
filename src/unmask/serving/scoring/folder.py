"""The pictures below a folder."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from unmask.data.archives.names import is_left_behind
from unmask.errors import ImageError, ScoringError
from unmask.serving.detector import in_order
from unmask.serving.inputs import SUFFIXES, Named
from unmask.serving.pictures import MAX_BYTES, read_bounded
from unmask.serving.scoring.sources import Listed

NO_UTF8 = "its name is no UTF-8, and no table can hold it"


@dataclass(frozen=True)
class Folder:
    """A folder, with the folders below it; links to folders are not followed.

    Attributes:
        address: its absolute path.
    """

    address: str

    def pictures(self) -> Iterator[Listed]:
        """See `Source.pictures`: folder by folder, each sorted, so that no more than one is ever in memory."""
        yield from self.below("")

    def below(self, folder: str) -> Iterator[Listed]:
        """Lists one folder, given by its path from the source's and a slash, and those in it."""
        try:
            with os.scandir(Path(self.address, folder)) as found:
                entries = sorted(found, key=lambda entry: entry.name)
            for entry in entries:
                if is_left_behind(entry.name):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    yield from self.below(f"{folder}{entry.name}/")
                elif entry.name.lower().endswith(SUFFIXES) and entry.is_file():
                    yield listed(folder + entry.name, num_bytes=entry.stat().st_size)
        except OSError as error:
            raise ScoringError(f"cannot list {Path(self.address, folder)}: {error.strerror}") from error

    def read(self, pictures: Iterable[Listed]) -> Iterator[Named]:
        """See `Source.read`: several at once, as the disk may lie elsewhere."""
        yield from in_order(self.named, pictures)

    def named(self, picture: Listed) -> Named:
        """Reads one picture, where it can be."""
        return Named(picture.name, ImageError(picture.problem) if picture.problem else self.content(picture.name))

    def content(self, name: str) -> bytes | ImageError:
        """Reads one picture.

        Raises:
            ScoringError: the folder is gone, or the disk fails: scored as damaged, pictures would never be tried again.
        """
        path = Path(self.address, name)
        try:
            with path.open("rb") as file:
                return read_bounded(file, max_bytes=MAX_BYTES)
        except ImageError as error:
            return error
        except (FileNotFoundError, PermissionError) as error:
            if not Path(self.address).is_dir():
                raise ScoringError(f"the folder {self.address} is gone") from error
            return ImageError(str(error.strerror))
        except OSError as error:
            raise ScoringError(f"cannot read {path}: {error.strerror}") from error


def listed(name: str, *, num_bytes: int) -> Listed:
    """Lists a file; its size tells it from another of its name."""
    try:
        name.encode()
    except UnicodeEncodeError:
        shown = os.fsencode(name).decode("utf-8", "backslashreplace")
        return Listed(shown, str(num_bytes), problem=NO_UTF8)
    return Listed(name, str(num_bytes))
