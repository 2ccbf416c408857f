"""What can be scored: a folder, a zip, or a place on S3, listed once and then read picture by picture."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

from unmask.serving.inputs import Named, is_picture

WITHOUT_PLACE: tuple[int, ...] = ()


class Listed(NamedTuple):
    """One picture, as a listing has it; nothing of it was read.

    Attributes:
        name: within the source: a path, a member, a key.
        stamp: tells its content from another one of the same name, as far as the listing knows.
        place: numbers by which the source finds it again; may be empty.
        problem: why it cannot be read, or empty.
    """

    name: str
    stamp: str
    place: tuple[int, ...] = WITHOUT_PLACE
    problem: str = ""


class Source(Protocol):
    """Where pictures come from. It is sent to other machines, so it holds nothing open."""

    @property
    def address(self) -> str:
        """What it is called."""
        ...

    def pictures(self) -> Iterator[Listed]:
        """Lists the pictures, in an order that is the same as long as they are.

        Raises:
            ScoringError: it cannot be listed.
        """
        ...

    def read(self, pictures: Iterable[Listed]) -> Iterator[Named]:
        """Reads pictures, in their order.

        Yields:
            Each by its name, with its bytes, or with why there are none.

        Raises:
            ScoringError: the source as a whole cannot be read any more, so that no picture is to blame.
        """
        ...


def source_of(address: str) -> Source:
    """Says what kind of source a person means.

    Args:
        address: a folder, a zip, or `s3://BUCKET/PREFIX`.

    Raises:
        ScoringError: it is none of them.
    """
    from unmask.errors import ScoringError
    from unmask.serving.scoring.folder import Folder
    from unmask.serving.scoring.objects import SCHEME, Objects
    from unmask.serving.scoring.zipped import Zipped

    if address.startswith(SCHEME):
        return Objects(address)
    path = Path(address)
    if not address:  # of a shell's variable that is not set; as a path it would be the current folder
        raise ScoringError("an empty name: expected a folder, a zip, or s3://BUCKET/PREFIX")
    if path.is_dir():
        return Folder(str(path.absolute()))
    if is_picture(address) and path.is_file():
        raise ScoringError(f"{address} is a single picture: unmask predict judges it")
    if path.is_file():
        return Zipped(str(path.absolute()))
    raise ScoringError(f"there is no {address}: expected a folder, a zip, or s3://BUCKET/PREFIX")
