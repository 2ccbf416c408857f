"""Forged zips for the tests of archives."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from forged_zip import Forged, write_zip


@pytest.fixture
def forge(tmp_path: Path) -> Callable[..., Path]:
    """Writes a zip of forged members after an honest file of each class: `forge(forged("real/../a.jpg"))`."""

    def write(*members: Forged, honest: bool = True, **options: Any) -> Path:
        path = tmp_path / "forged.zip"
        both = [Forged("real/honest.jpg"), Forged("fake/honest.jpg")] if honest else []
        path.write_bytes(write_zip([*both, *members], **options))
        return path

    return write


@pytest.fixture
def forged() -> type[Forged]:
    """Gives the class of forged members."""
    return Forged
