import io
from pathlib import Path

import pytest

from unmask.errors import ImageError
from unmask.serving.pictures import MAX_BYTES, read_bounded, read_picture


def test_a_file_without_an_end_is_refused() -> None:
    with pytest.raises(ImageError, match=f"/dev/zero: more than {MAX_BYTES} bytes"):
        read_picture(Path("/dev/zero"))


def test_a_path_that_the_file_system_cannot_hold_is_an_error() -> None:
    with pytest.raises(ImageError, match="xx: File name too long"):
        read_picture("x" * 300)


def test_all_that_is_allowed_is_read_and_no_byte_more() -> None:
    assert read_bounded(io.BytesIO(b"12345"), max_bytes=5) == b"12345"
    with pytest.raises(ImageError, match="more than 4 bytes"):
        read_bounded(io.BytesIO(b"12345"), max_bytes=4)
