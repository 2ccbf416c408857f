import dataclasses
import hashlib
import operator

import pytest
from PIL import Image

from unmask.config import IndexConfig
from unmask.data.index import index_archive
from unmask.errors import ArchiveError, UnmaskError
from unmask.records import RECORD_COLUMNS, REJECT_COLUMNS

CONFIG = IndexConfig(workers=1, max_pixels=1_000_000, max_reject_share=0.5)


def test_records_say_what_each_image_is(make_archive, make_image):
    photograph = make_image(1, size=(40, 30), quality=90)
    path = make_archive({"train/real/a.jpg": photograph, "train/fake/b.png": make_image(2, format="PNG")})
    index = index_archive(path, CONFIG)
    assert tuple(index.records.columns) == RECORD_COLUMNS
    fake, real = index.records.to_dict("records")
    assert (fake["member"], fake["label"], fake["format"], fake["mode"]) == ("train/fake/b.png", 1, "PNG", "RGB")
    assert index.records["jpeg_quality"].isna().tolist() == [True, False]
    assert real == {
        "member": "train/real/a.jpg",
        "label": 0,
        "group": "",
        "upstream_split": "train",
        "bytes": len(photograph),
        "sha256": hashlib.sha256(photograph).hexdigest(),
        "width": 40,
        "height": 30,
        "format": "JPEG",
        "mode": "RGB",
        "jpeg_quality": 90,
    }


def test_sizes_are_as_shown(make_archive, make_image):
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    path = make_archive({"real/a.jpg": make_image(1, size=(40, 30), exif=exif), "fake/b.jpg": make_image(2)})
    record = index_archive(path, CONFIG).records.iloc[1]
    assert (record["width"], record["height"]) == (30, 40)


def test_unusable_images_are_rejected_with_their_reason(make_archive, make_faces, make_image):
    members = make_faces(per_class=8) | {
        "real/cut.jpg": make_image()[:-100],
        "real/empty.jpg": b"",
        "fake/notes.txt": b"some text",
        "fake/large.png": make_image(size=(1001, 1000), format="PNG"),
        "stray.jpg": make_image(),
    }
    index = index_archive(make_archive(members), CONFIG)
    assert tuple(index.rejects.columns) == REJECT_COLUMNS
    reasons = dict(zip(index.rejects["member"], index.rejects["reason"], strict=True))
    assert list(reasons) == sorted(reasons)
    assert reasons == {
        "fake/large.png": "1001x1000 is more than the 1000000 pixels allowed",
        "fake/notes.txt": "not a JPEG, PNG, WEBP image",
        "real/cut.jpg": reasons["real/cut.jpg"],
        "real/empty.jpg": "empty file",
        "stray.jpg": "in no folder called real or fake",
    }
    assert "truncated" in reasons["real/cut.jpg"]
    assert len(index.records) == 16


def test_a_member_whose_crc_is_wrong_is_rejected(make_archive, make_faces):
    members = make_faces() | {"real/damaged.jpg": b"these bytes will change"}
    path = make_archive(members)
    path.write_bytes(path.read_bytes().replace(b"bytes will", b"BYTES will"))
    assert index_archive(path, CONFIG).rejects["member"].tolist() == ["real/damaged.jpg"]


def test_stops_at_more_rejects_than_allowed_and_names_them(make_archive, make_faces):
    members = make_faces(per_class=5) | {f"real/bad{number}.jpg": b"x" for number in range(7)}
    config = dataclasses.replace(CONFIG, max_reject_share=0.4)
    # 7 of 17 is more than 0.4.
    with pytest.raises(ArchiveError, match=r"7 of 17 images cannot be used, .*max_reject_share = 0\.4") as caught:
        index_archive(make_archive(members), config)
    assert "real/bad0.jpg: not a JPEG, PNG, WEBP image" in str(caught.value)
    assert "and 2 more" in str(caught.value)


def test_as_many_rejects_as_allowed_are_taken(make_archive, make_faces):
    members = make_faces(per_class=5) | {f"real/bad{number}.jpg": b"x" for number in range(10)}
    assert len(index_archive(make_archive(members), CONFIG).rejects) == 10


def test_stops_when_a_class_has_no_usable_image_left(make_archive, make_image):
    members = {f"real/{number}.jpg": make_image(number) for number in range(9)} | {"fake/bad.jpg": b"x"}
    with pytest.raises(ArchiveError, match=r"no usable image of class fake is left:\n  fake/bad\.jpg: not a JPEG"):
        index_archive(make_archive(members), CONFIG)


def test_many_processes_find_the_same_as_one(make_archive, monkeypatch):
    monkeypatch.setattr("unmask.data.index.MIN_CHUNK", 5)
    monkeypatch.setattr("unmask.data.index.IMAGES_PER_WORKER", 20)
    path = make_archive(per_class=20)
    alone = index_archive(path, CONFIG)
    together = index_archive(path, dataclasses.replace(CONFIG, workers=2))
    assert together.records.equals(alone.records)


def test_a_process_that_dies_is_reported(make_archive, monkeypatch):
    monkeypatch.setattr("unmask.data.index.MIN_CHUNK", 5)
    monkeypatch.setattr("unmask.data.index.IMAGES_PER_WORKER", 20)
    monkeypatch.setattr("unmask.data.parallel.serve", operator.is_)  # a process that ends at once
    with pytest.raises(UnmaskError, match="one of 2 processes died"):
        index_archive(make_archive(per_class=20), dataclasses.replace(CONFIG, workers=2))


def test_a_small_archive_is_read_by_one_process(make_archive, monkeypatch):
    monkeypatch.delattr("unmask.data.parallel.serve")
    assert len(index_archive(make_archive(per_class=20), dataclasses.replace(CONFIG, workers=2)).records) == 40


def test_the_audit_counts_each_class(make_archive, make_faces, make_image):
    members = make_faces(per_class=3, splits=("train", "test")) | {
        "set/test/fake/wide.png": make_image(9, size=(60, 30), format="PNG"),
        "set/test/fake/bad.jpg": b"",
        "labels.txt": b"notes",
    }
    audit = index_archive(make_archive(members), CONFIG).audit
    assert (audit["images"], audit["rejects"], audit["ignored_files"]) == (13, 1, 1)
    assert audit["reject_reasons"] == {"empty file": 1}
    fake = audit["classes"]["fake"]
    assert fake["images"] == 7
    assert fake["upstream_splits"] == {"train": 3, "test": 4}
    assert fake["formats"] == {"JPEG": 6, "PNG": 1}
    assert fake["sizes"] == {"48x48": 6, "60x30": 1}
    assert fake["jpeg_qualities"] == {"75": 6}
    assert audit["classes"]["real"]["formats"] == {"JPEG": 6}


@pytest.mark.real_data
def test_every_image_of_the_real_subset_is_usable(real_data):
    config = dataclasses.replace(CONFIG, workers=0, max_reject_share=0.0)
    index = index_archive(real_data / "faces-140k-subset.zip", config)
    assert len(index.records) == 1600
    assert index.audit["classes"]["real"]["jpeg_qualities"] == {"75": 800}


def test_a_line_is_rejected(make_archive, make_faces, make_image):
    faces = make_faces(per_class=200)
    line = {"real/line.png": make_image(1, size=(64, 1), format="PNG")}
    index = index_archive(make_archive({**faces, **line}), CONFIG)
    assert index.rejects.to_numpy().tolist() == [["real/line.png", "64x1: a line, no picture"]]
