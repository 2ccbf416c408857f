import dataclasses
import io

import pandas as pd
import pytest
from PIL import Image

from unmask.config import IndexConfig
from unmask.data.components import join_copies
from unmask.data.copies.search import find_copies
from unmask.data.index import index_archive
from unmask.data.pictures.thumbnails import ThumbnailFile, read_thumbnails
from unmask.records import COPY_COLUMNS

CONFIG = IndexConfig(workers=1, max_pixels=1_000_000, max_reject_share=0.0)


def encode(image, format="JPEG", **options):
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


@pytest.fixture
def copies_in(tmp_path):
    """Indexes an archive and finds its copies."""

    def find(archive, *, distance=32, shuffle=None, workers=1):
        path = tmp_path / "thumbnails.npy"
        with ThumbnailFile(path) as file:
            records = index_archive(archive, dataclasses.replace(CONFIG, workers=workers), thumbnails=file).records
        thumbnails = read_thumbnails(path, num_images=len(records))
        if shuffle is not None:
            records = records.sample(frac=1, random_state=shuffle)
            thumbnails = thumbnails[records.index]
        return find_copies(records, thumbnails, archive, distance=distance, workers=workers, max_pixels=1_000_000)

    return find


@pytest.fixture
def planted(make_archive, make_picture):
    """Thirty pictures, and a copy of each of the first five, made in five ways."""
    pictures = [make_picture(seed, size=(128, 128)) for seed in range(30)]
    ways = {
        "saved": lambda picture: encode(picture, quality=40),
        "smaller": lambda picture: encode(picture.resize((90, 90)), quality=90),
        "mirrored": lambda picture: encode(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT), quality=80),
        "cropped": lambda picture: encode(picture.crop((4, 1, 126, 123)), quality=90),
        "turned": lambda picture: encode(
            picture.crop((4, 1, 126, 123)).transpose(Image.Transpose.FLIP_LEFT_RIGHT), quality=90
        ),
    }
    members = {f"real/{number:02d}.jpg": encode(picture, quality=90) for number, picture in enumerate(pictures)}
    members |= {
        f"fake/{way}.jpg": change(picture) for (way, change), picture in zip(ways.items(), pictures, strict=False)
    }
    return make_archive(members)


def test_planted_copies_are_found_and_named(planted, copies_in):
    copies = copies_in(planted)
    assert tuple(copies.columns) == COPY_COLUMNS
    assert copies[["left", "right", "kind"]].to_numpy().tolist() == [
        ["fake/cropped.jpg", "real/03.jpg", "cropped"],
        ["fake/mirrored.jpg", "real/02.jpg", "mirrored"],
        ["fake/saved.jpg", "real/00.jpg", "near"],
        ["fake/smaller.jpg", "real/01.jpg", "near"],
        ["fake/turned.jpg", "real/04.jpg", "mirrored"],
    ]
    assert (copies["distance_bits"] <= 32).all()
    assert (copies["similarity"] > 0.9).all()


@pytest.mark.parametrize("shuffle", [1, 2])
def test_the_order_of_records_does_not_matter(planted, copies_in, shuffle):
    pd.testing.assert_frame_equal(copies_in(planted, shuffle=shuffle), copies_in(planted))


def test_two_processes_find_the_same(planted, copies_in, monkeypatch):
    alone = copies_in(planted)
    monkeypatch.setattr("unmask.data.copies.confirmation.PAIRS_PER_WORKER", 1)
    pd.testing.assert_frame_equal(copies_in(planted, workers=2), alone)


def test_equal_bytes_are_exact_copies_of_the_first(make_archive, make_image, copies_in):
    members = {f"real/{name}.jpg": make_image(1) for name in "abc"} | {"fake/z.jpg": make_image(2)}
    assert copies_in(make_archive(members)).to_numpy().tolist() == [
        ["real/a.jpg", "real/b.jpg", "exact", 0, 1.0],
        ["real/a.jpg", "real/c.jpg", "exact", 0, 1.0],
    ]


def test_flat_pictures_are_copies_only_where_they_look_the_same(make_archive, copies_in):
    members = {
        "real/black.jpg": encode(Image.new("RGB", (64, 64), "black"), quality=90),
        "real/black.png": encode(Image.new("RGB", (80, 80), "black"), "PNG"),
        "real/grey.jpg": encode(Image.new("RGB", (64, 64), "grey")),
        "fake/white.jpg": encode(Image.new("RGB", (64, 64), "white")),
    }
    assert copies_in(make_archive(members)).to_numpy().tolist() == [
        ["real/black.jpg", "real/black.png", "near", 0, 1.0]
    ]


def test_copies_of_copies_are_joined():
    records = pd.DataFrame({"member": list("abcde"), "sha256": ["1", "2", "3", "3", "5"]})
    pairs = pd.DataFrame([("a", "b", "near", 3, 0.9), ("b", "c", "near", 3, 0.9)], columns=list(COPY_COLUMNS))
    assert join_copies(records, pairs).tolist() == [0, 0, 0, 0, 1]


@pytest.mark.real_data
def test_the_known_near_duplicates_of_the_real_subset_are_found(real_data, copies_in, parameters):
    archive = real_data / "faces-140k-subset.zip"
    copies = copies_in(archive, distance=parameters.split.near_duplicate_distance)
    pairs = [tuple(name.rsplit("/")[-1] for name in pair) for pair in copies[["left", "right"]].to_numpy().tolist()]
    assert ("0YYEKMF3GY.jpg", "1DKCGEETES.jpg") in pairs
    # Looked at by eye: three pairs show one face twice, and no other pair does.
    assert len(pairs) == 3
    # Their hashes are 11, 15 and 25 bits apart: a wider search looks at more pairs and finds no more copies.
    pd.testing.assert_frame_equal(copies_in(archive, distance=36), copies)
