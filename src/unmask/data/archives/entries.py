"""The files of a zip, as its central directory has them, in little memory however many there are."""

from array import array
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.int64]

NUMBERS = "QQQIHH"  # the types of an entry's numbers, in their order: 8, 8, 8, 4, 2 and 2 bytes


class Entry(NamedTuple):
    """One file of a zip, as its central directory has it. Small, and cheap to send to another process.

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


class Entries:
    """Entries in columns: 48 bytes each and their names, where a list of tuples takes 400. Made when asked for."""

    def __init__(self) -> None:
        """Begins without any."""
        self.characters = bytearray()  # of all names, in UTF-8, end to end
        self.name_ends = array("Q", [0])
        self.numbers: tuple[array[int], ...] = tuple(array(kind) for kind in NUMBERS)
        self.order: Positions | None = None  # in which they are given; None as they came

    def append(self, entry: Entry) -> None:
        """Adds one at the end."""
        self.characters += entry.name.encode()
        self.name_ends.append(len(self.characters))
        for column, number in zip(self.numbers, entry[1:], strict=True):
            column.append(number)

    def __len__(self) -> int:
        """Counts them."""
        return len(self.name_ends) - 1 if self.order is None else len(self.order)

    def __getitem__(self, position: int) -> Entry:
        """Gives one."""
        row = position if self.order is None else int(self.order[position])
        return Entry(self.name_at(row), *(column[row] for column in self.numbers))

    def __iter__(self) -> Iterator[Entry]:
        """Gives one after the other."""
        return map(self.__getitem__, range(len(self)))

    def names(self) -> Iterator[str]:
        """Gives their names, one after the other."""
        return map(self.name_at, range(len(self)) if self.order is None else self.order)

    def name_at(self, row: int) -> str:
        """Gives the name of the entry that came as the `row`th."""
        return self.characters[self.name_ends[row] : self.name_ends[row + 1]].decode()

    def take(self, positions: Iterable[int]) -> "Entries":
        """Gives some of them, in the order of their positions; the columns are shared."""
        taken = Entries()
        chosen = np.fromiter(positions, dtype=np.int64)
        taken.characters, taken.name_ends, taken.numbers = self.characters, self.name_ends, self.numbers
        taken.order = chosen if self.order is None else self.order[chosen]
        return taken

    def sorted_by_name(self) -> "Entries":
        """Gives all of them, sorted by name."""
        names = list(self.names())
        return self.take(sorted(range(len(names)), key=names.__getitem__))
