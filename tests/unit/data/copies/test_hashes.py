import numpy as np
import pytest
from PIL import Image

from unmask.data.copies.hashes import (
    CROPS,
    FIRST_CROP,
    FULL,
    HASH_BITS,
    MIRROR,
    NUM_VIEWS,
    bit_distance,
    crop_box,
    hash_views,
)
from unmask.data.pictures.thumbnails import SIDE, thumbnail


def thumbnails_of(*pictures):
    contents = b"".join(thumbnail(picture) for picture in pictures)
    return np.frombuffer(contents, dtype=np.uint8).reshape(-1, SIDE, SIDE)


def hash_of(picture):
    return hash_views(thumbnails_of(picture), threads=1)[:, :, 0]


def test_the_mirrored_view_is_the_hash_of_the_mirrored_picture(make_picture):
    faces = thumbnails_of(*(make_picture(seed, size=(128, 128)) for seed in range(20)))
    views, views_of_mirrored = (hash_views(looks, threads=1) for looks in (faces, faces[:, :, ::-1]))
    distances = bit_distance(views[:, MIRROR], views_of_mirrored[:, FULL])
    # Sums in another order can move a difference over the limit that makes a bit; it is rare.
    assert distances.max() <= 1
    assert bit_distance(views[:, MIRROR], views[:, FULL]).min() > 50


@pytest.mark.parametrize("view", range(FIRST_CROP, NUM_VIEWS))
def test_a_view_of_a_crop_is_near_the_hash_of_the_cropped_picture(make_picture, view):
    picture = make_picture(3, size=(640, 640))
    left, top, width, height = (round(share * 640) for share in crop_box(view))
    cropped = hash_of(picture.crop((left, top, left + width, top + height)))[:, FULL]
    views = hash_of(picture)
    distances = bit_distance(views, np.repeat(cropped[:, None], NUM_VIEWS, axis=1))
    assert distances[view] <= 12
    assert distances[view] == distances.min()


def test_crops_lie_inside_the_picture():
    assert len(CROPS) == NUM_VIEWS - FIRST_CROP
    for view in range(NUM_VIEWS):
        left, top, width, height = crop_box(view)
        assert 0 <= left <= left + width <= 1
        assert 0 <= top <= top + height <= 1


def test_a_ramp_has_all_bits_in_one_direction_and_none_in_the_other():
    ramp = Image.fromarray(np.tile(np.arange(0, 256, dtype=np.uint8), (256, 1)))
    views = hash_of(ramp)
    assert np.bitwise_count(views[:, FULL]).sum() == HASH_BITS
    assert np.bitwise_count(views[:, MIRROR]).sum() == 0


def test_noise_on_an_even_area_makes_no_bits():
    assert not hash_of(Image.new("L", (64, 64), 90)).any()


def test_blocks_and_threads_change_nothing(make_picture, monkeypatch):
    looks = thumbnails_of(*(make_picture(seed) for seed in range(7)))
    at_once = hash_views(looks, threads=1)
    monkeypatch.setattr("unmask.data.copies.hashes.BLOCK_IMAGES", 3)
    assert (np.bitwise_count(hash_views(looks, threads=2) ^ at_once).sum(axis=0) <= 1).all()


def test_no_pictures_have_no_hashes():
    assert hash_views(np.empty((0, SIDE, SIDE), dtype=np.uint8), threads=1).shape[2] == 0
