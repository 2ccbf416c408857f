"""What every engine promises."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from unmask.data.pictures.decoding import Pixels


class Answer(NamedTuple):
    """What a network says of one picture.

    Attributes:
        logit: of P(fake).
        embedding: (dimensions,), float32, what its last layer saw; empty where the engine does not say.
    """

    logit: float
    embedding: NDArray[np.float32]


NO_EMBEDDING = np.zeros(0, dtype=np.float32)


class Engine(Protocol):
    """A network that is ready to judge pictures which were brought to its size."""

    def answers(self, pictures: Iterable[Pixels]) -> Iterator[Answer]:
        """Judges pictures as they come.

        Args:
            pictures: each (size, size, 3), uint8, RGB. They are taken a few ahead of the answers.

        Yields:
            One answer for each, in the same order.
        """
        ...

    def for_threads(self, count: int) -> "Engine":
        """Gives an engine of the same network for a few threads that judge a picture each at the same time.

        Args:
            count: of the threads, which together take the machine's cores.
        """
        ...
