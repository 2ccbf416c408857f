import io

import numpy as np
import pytest
from PIL import Image

from unmask.data.pictures.thumbnails import SIDE, ThumbnailFile, draft_size, read_thumbnails, thumbnail
from unmask.errors import ArchiveError


def luminance(content):
    return np.frombuffer(content, dtype=np.uint8).reshape(SIDE, SIDE).astype(int)


def test_a_thumbnail_is_the_mean_luminance_of_each_block(make_picture):
    picture = make_picture(1, size=(256, 256))
    blocks = np.asarray(picture.convert("L"), dtype=float).reshape(SIDE, 8, SIDE, 8).mean(axis=(1, 3))
    assert np.abs(luminance(thumbnail(picture)) - blocks).max() <= 1


@pytest.mark.parametrize("size", [(256, 256), (224, 200), (301, 47), (32, 32), (20, 31), (1, 1)])
def test_any_size_gives_a_thumbnail(make_picture, size):
    assert len(thumbnail(make_picture(1, size=size))) == SIDE * SIDE


def test_a_side_that_is_no_multiple_is_shared_out_evenly():
    # A ramp from left to right stays a ramp to the last pixel.
    ramp = Image.fromarray(np.tile(np.linspace(0, 255, 301).astype(np.uint8), (301, 1)))
    columns = luminance(thumbnail(ramp))[SIDE // 2]
    assert np.abs(columns - np.linspace(4, 251, SIDE)).max() <= 3


@pytest.mark.parametrize(("format", "size"), [("JPEG", (32, 32)), ("PNG", (256, 256))])
def test_a_jpeg_is_decoded_no_larger_than_needed(make_image, format, size):
    image = Image.open(io.BytesIO(make_image(1, size=(256, 256), format=format)))
    assert draft_size(image) == (256, 256)
    assert image.size == size


def test_the_draft_of_a_jpeg_gives_the_same_thumbnail(make_image):
    whole = Image.open(io.BytesIO(make_image(1, size=(256, 256))))
    draft = Image.open(io.BytesIO(make_image(1, size=(256, 256))))
    draft_size(draft)
    assert np.abs(luminance(thumbnail(draft)) - luminance(thumbnail(whole.convert("RGB")))).max() <= 2


def test_thumbnails_come_back_in_order(make_picture, tmp_path):
    contents = [thumbnail(make_picture(seed)) for seed in range(20)]
    with ThumbnailFile(tmp_path / "thumbnails.npy") as file:
        for content in contents:
            file.append(content)
    read = read_thumbnails(tmp_path / "thumbnails.npy", num_images=20)
    assert [row.tobytes() for row in read] == contents


def test_no_thumbnails_are_a_file_too(tmp_path):
    with ThumbnailFile(tmp_path / "thumbnails.npy"):
        pass
    assert len(read_thumbnails(tmp_path / "thumbnails.npy", num_images=0)) == 0


def write(path, content):
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "there are no thumbnails"),
        (lambda path: write(path, b""), "is no file of thumbnails"),
        (lambda path: write(path, b"some text"), "is no file of thumbnails"),
        (lambda path: np.save(path, np.zeros((3, SIDE, SIDE), dtype=np.uint8)), "not 2 thumbnails"),
        (lambda path: np.save(path, np.zeros((2, SIDE, SIDE))), "holds float64"),
    ],
)
def test_refuses_a_file_that_does_not_belong_to_the_records(tmp_path, make, message):
    path = tmp_path / "thumbnails.npy"
    make(path)
    with pytest.raises(ArchiveError, match=message):
        read_thumbnails(path, num_images=2)
