"""Both classes through one chain: what a shard stores says nothing of how a picture was saved."""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, JpegImagePlugin

from unmask import config
from unmask.data import shards
from unmask.data.input import reading
from unmask.data.pictures.decoding import decode, fit_image
from unmask.data.pictures.equalise import equalise
from unmask.data.preprocess import stored_image

ROOT = Path(__file__).parents[4]
CONFIG = replace(config.load(ROOT / "params.yaml").preprocess, **{"image_size": 48, "equalise": 85})
EXIF = Image.Exif()
EXIF[0x010F] = "A camera"


@pytest.fixture
def saved_in_many_ways(make_image: Callable[..., bytes]) -> list[bytes]:
    return [
        make_image(1, size=(48, 48), format="JPEG", quality=60, subsampling="4:4:4", exif=EXIF),
        make_image(2, size=(48, 48), format="JPEG", quality=95, progressive=True, comment=b"made by a generator"),
        make_image(3, size=(48, 48), format="PNG"),
        make_image(4, size=(80, 96), format="WEBP", lossless=True),
    ]


def header(content: bytes) -> tuple[object, ...]:
    image = Image.open(io.BytesIO(content))
    tables = tuple(tuple(table) for table in image.quantization.values())
    sampling = JpegImagePlugin.get_sampling(image)
    return image.format, image.size, tables, sampling, sorted(image.info), len(image.getexif())


def test_headers_are_the_same_however_a_picture_was_saved(saved_in_many_ways: list[bytes]) -> None:
    stored = [stored_image(content, config=CONFIG, max_pixels=10**6) for content in saved_in_many_ways]
    assert len({str(header(content)) for content in stored}) == 1


def test_without_it_the_headers_differ(saved_in_many_ways: list[bytes]) -> None:
    plain = replace(CONFIG, **{"equalise": 0})
    stored = [stored_image(content, config=plain, max_pixels=10**6) for content in saved_in_many_ways]
    assert len({content[:2] for content in stored}) == 2  # JPEGs that were kept, and PNGs


def test_training_reads_the_pixels_that_serving_makes(saved_in_many_ways: list[bytes], tmp_path: Path) -> None:
    stored = [stored_image(content, config=CONFIG, max_pixels=10**6) for content in saved_in_many_ways]
    examples = [shards.Example(str(n), n % 2, f"{n:064x}", content) for n, content in enumerate(stored)]
    shards.write(tmp_path / "test", examples, total=4, shard_megabytes=1.0, about={"preprocess": {"image_size": 48}})
    [(read, _, _)] = reading.evaluation_batches(tmp_path, "test", 4)
    for pixels, content in zip(read, saved_in_many_ways, strict=True):
        fitted = fit_image(decode(content, max_pixels=10**6), size=48, fit="resize", resample=CONFIG.resample)
        np.testing.assert_array_equal(pixels, equalise(fitted, quality=85))


def test_quality_0_leaves_pixels_alone() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    assert equalise(pixels, quality=0) is pixels
