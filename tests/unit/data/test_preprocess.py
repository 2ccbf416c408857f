"""What a shard stores of an image."""

import hashlib
import io
import operator
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageFile

from unmask.config import PreprocessConfig
from unmask.data import preprocess
from unmask.data.pictures.decoding import decode, fit_image
from unmask.errors import ArchiveError, ImageError, ShardError, UnmaskError

CONFIG = PreprocessConfig(
    image_size=48, fit="resize", resample="box", equalise=0, train_share=1.0, shard_megabytes=1.0, workers=2
)
MAX_PIXELS = 10**6


def stored(content: bytes, config: PreprocessConfig = CONFIG) -> bytes:
    return preprocess.stored_image(content, config=config, max_pixels=MAX_PIXELS)


@pytest.mark.parametrize("image_format", ["JPEG", "PNG"])
def test_image_of_the_right_size_keeps_its_bytes(make_image: Callable[..., bytes], image_format: str) -> None:
    content = make_image(1, format=image_format)
    assert stored(content) == content


def records_of(*members: str, archive: Path | None = None) -> pd.DataFrame:
    """Makes the records of a split; labels as the folders say, hashes as the archive's bytes are, or of none."""
    labels = [int(name.startswith("fake")) for name in members]
    hashes = ["0" * 64 for _ in members]
    if archive:
        with zipfile.ZipFile(archive) as opened:
            hashes = [hashlib.sha256(opened.read(name)).hexdigest() for name in members]
    return pd.DataFrame({"member": members, "label": labels, "sha256": hashes})


def test_image_of_another_size_is_resized_once_and_stored_without_loss(make_image: Callable[..., bytes]) -> None:
    content = make_image(1, size=(96, 96))
    written = Image.open(io.BytesIO(stored(content)))
    assert written.format == "PNG"
    expected = fit_image(decode(content, max_pixels=MAX_PIXELS), size=48, fit="resize", resample="box")
    np.testing.assert_array_equal(np.asarray(written), expected)


def test_webp_is_stored_as_png(make_image: Callable[..., bytes]) -> None:
    assert Image.open(io.BytesIO(stored(make_image(1, format="WEBP")))).format == "PNG"


def test_rotated_jpeg_of_the_right_size_is_stored_upright(make_image: Callable[..., bytes]) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3  # turned by 180 degrees
    turned, plain = make_image(1, exif=exif), make_image(1)
    upright = np.asarray(Image.open(io.BytesIO(stored(turned))))
    np.testing.assert_array_equal(upright, np.asarray(Image.open(io.BytesIO(plain)))[::-1, ::-1])


def test_crop_larger_than_the_image_is_refused(make_image: Callable[..., bytes]) -> None:
    with pytest.raises(ImageError, match="48x48 is smaller than the crop of 64 pixels"):
        stored(make_image(1), replace(CONFIG, image_size=64, fit="crop"))


def test_examples_keep_the_records_order(make_archive: Callable[..., Path]) -> None:
    archive = make_archive(per_class=70)
    members = [f"{label}/{number:03d}.jpg" for number in range(70) for label in ("fake", "real")]
    records = records_of(*members, archive=archive)
    prepared = list(preprocess.examples(archive, records, config=CONFIG, max_pixels=MAX_PIXELS))
    assert [example.member for example in prepared] == members
    assert [example.label for example in prepared] == records["label"].tolist()


def test_member_that_is_gone_is_named(make_archive: Callable[..., Path]) -> None:
    records = records_of("real/absent.jpg")
    with pytest.raises(ArchiveError, match=r"cannot read real/absent\.jpg .* run the index stage again"):
        list(preprocess.examples(make_archive(), records, config=CONFIG, max_pixels=MAX_PIXELS))


def test_member_whose_bytes_are_damaged_is_named(make_archive: Callable[..., Path]) -> None:
    archive = make_archive({"real/\u00e4.jpg": b"x"})
    content = archive.read_bytes()
    # The local header's copy of the name, the first of two, is flagged as UTF-8; FF never occurs in that.
    archive.write_bytes(content.replace("\u00e4".encode(), b"\xff\xff", 1))
    records = records_of("real/\u00e4.jpg")
    with pytest.raises(
        ShardError, match=r"cannot read real/\u00e4\.jpg from .*faces\.zip: damaged in the archive: its header and"
    ):
        list(preprocess.examples(archive, records, config=CONFIG, max_pixels=MAX_PIXELS))


def test_member_of_absurd_size_is_not_read(make_archive: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unmask.data.archives.reader.MAX_MEMBER_BYTES", 10)
    records = records_of("real/000.jpg")
    with pytest.raises(ShardError, match=r"cannot read real/000\.jpg .* bytes are more than the 10 allowed"):
        list(preprocess.examples(make_archive(), records, config=replace(CONFIG, workers=1), max_pixels=MAX_PIXELS))


def test_image_that_is_refused_is_named(make_archive: Callable[..., Path]) -> None:
    archive = make_archive()
    records = records_of("real/000.jpg", archive=archive)
    with pytest.raises(ShardError, match=r"real/000\.jpg: 48x48 is more than the 100 pixels allowed"):
        list(preprocess.examples(archive, records, config=CONFIG, max_pixels=100))


def test_archive_that_changed_since_it_was_indexed_is_noticed(make_archive: Callable[..., Path]) -> None:
    records = records_of("real/000.jpg", archive=make_archive())
    swapped = make_archive({"real/000.jpg": b"other bytes", "fake/000.jpg": b""})
    with pytest.raises(ShardError, match=r"real/000\.jpg in .*faces\.zip is not what was indexed; run the index stage"):
        list(preprocess.examples(swapped, records, config=replace(CONFIG, workers=1), max_pixels=MAX_PIXELS))


def test_bytes_that_are_kept_are_not_decoded_again(
    make_image: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def decode(image: object) -> None:
        raise AssertionError("decoded")

    content = make_image(1)
    monkeypatch.setattr(ImageFile.ImageFile, "load", decode)
    assert stored(content) == content


@pytest.mark.parametrize("height", [1, 2, 31])
def test_png_holds_the_pixels(height: int) -> None:
    # Noise, steps that wrap around below 0, and one value throughout.
    noise = np.random.default_rng(0).integers(0, 256, (height, 31, 3), dtype=np.uint8)
    for pixels in (noise, noise // 128 * 255, np.zeros_like(noise)):
        written = Image.open(io.BytesIO(preprocess.encode_png(pixels)))
        assert written.mode == "RGB"
        np.testing.assert_array_equal(np.asarray(written), pixels)


def test_png_is_read_alike_by_the_training_input() -> None:
    import tensorflow as tf

    pixels = np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8)
    np.testing.assert_array_equal(tf.io.decode_image(preprocess.encode_png(pixels), channels=3).numpy(), pixels)


def test_process_that_dies_is_reported(make_archive: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unmask.data.parallel.serve", operator.is_)  # a process that ends at once
    monkeypatch.setattr(preprocess, "CHUNK_RECORDS", 1)
    records = records_of("real/000.jpg", "real/001.jpg")
    with pytest.raises(UnmaskError, match="one of 2 processes died"):
        list(preprocess.examples(make_archive(), records, config=CONFIG, max_pixels=MAX_PIXELS))


def test_a_smaller_share_lies_within_a_larger_one_and_is_about_as_large() -> None:
    hashes = [hashlib.sha256(bytes([number % 256, number // 256])).hexdigest() for number in range(2000)]
    records = pd.DataFrame({"sha256": hashes, "label": np.arange(2000) % 2})
    tenth, third = (set(preprocess.some_of(records, share)["sha256"]) for share in (0.1, 0.3))
    assert tenth < third
    assert 146 < len(tenth) < 254  # 200 expected, and 54 is four standard deviations of 13.4
    assert len(preprocess.some_of(records, 1.0)) == 2000


def test_a_share_that_leaves_none_of_a_class_is_refused() -> None:
    records = pd.DataFrame({"sha256": ["0" * 64, "f" * 64], "label": [0, 1]})
    with pytest.raises(ShardError, match=r"preprocess\.train_share 0\.5 leaves no fake image of 2 images"):
        preprocess.some_of(records, 0.5)
