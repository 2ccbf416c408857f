"""What must lie on the disk before it is given its name: else a power failure may leave the name without the bytes."""

import os
from pathlib import Path


def sync(file: Path) -> None:
    """Waits until the disk holds all of a file."""
    with file.open("rb") as content:
        os.fsync(content.fileno())
