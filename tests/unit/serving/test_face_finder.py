"""Faces are looked for in several threads at once, with a finder that is no thread's alone to begin with."""

import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from unmask.data.drawing.specimen import draw_specimen
from unmask.records import REAL
from unmask.serving.faces import find_faces

pytest.importorskip("dlib", reason="dlib is not installed: faces are not looked for")
ROUNDS, THREADS, PORTRAITS = 8, 4, 6


def test_threads_that_look_at_once_find_what_one_alone_finds() -> None:
    drawn = [draw_specimen(seed=7, label=REAL, index=index, image_size=128) for index in range(PORTRAITS)]
    portraits = [Image.open(io.BytesIO(content)).convert("RGB") for content in drawn]
    alone = [find_faces(portrait) for portrait in portraits]
    assert sum(map(len, alone)) >= PORTRAITS // 2  # or nothing could differ
    with ThreadPoolExecutor(THREADS) as pool:
        # One finder for all threads differed in about every second picture.
        assert list(pool.map(find_faces, portraits * ROUNDS)) == alone * ROUNDS
