"""What can be scored: listed in one order, and read so that a bad picture is told from a source that fails."""

import io
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from s3_server import S3, running_s3

from unmask.errors import ImageError, ScoringError
from unmask.serving.scoring import objects
from unmask.serving.scoring.sources import Listed, source_of

MakeImage = Callable[..., bytes]


def read(address: str) -> dict[str, bytes | ImageError]:
    source = source_of(address)
    return {named.name: named.content for named in source.read(source.pictures())}


def names(address: str) -> list[str]:
    return [picture.name for picture in source_of(address).pictures()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "faces"
    for name in ("b.jpg", "a/2.PNG", "a/10.webp", "a/c/x.jpeg", "notes.txt", "a/.hidden.jpg", "__MACOSX/b.jpg"):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_bytes(name.encode())
    return made


def test_a_folder_is_listed_in_order_and_holds_its_pictures_alone(folder: Path) -> None:
    # Folder by folder, names by their characters: "1" before "2", and 10 before 2 therefore; "c" is a folder.
    assert names(str(folder)) == ["a/10.webp", "a/2.PNG", "a/c/x.jpeg", "b.jpg"]
    assert read(str(folder))["a/c/x.jpeg"] == b"a/c/x.jpeg"


def test_a_link_to_a_picture_is_read_and_one_to_a_folder_is_not_followed(folder: Path) -> None:
    (folder / "a" / "round").symlink_to(folder)
    (folder / "z.jpg").symlink_to(folder / "b.jpg")
    assert names(str(folder)) == ["a/10.webp", "a/2.PNG", "a/c/x.jpeg", "b.jpg", "z.jpg"]
    assert read(str(folder))["z.jpg"] == b"b.jpg"


def test_a_name_that_no_table_can_hold_is_listed_with_the_reason(folder: Path) -> None:
    with (Path(os.fsencode(folder).decode()) / os.fsdecode(b"\xff.jpg")).open("wb") as file:
        file.write(b"odd")
    content = read(str(folder))["\\xff.jpg"]
    assert isinstance(content, ImageError)
    assert "no UTF-8" in str(content)


def test_a_file_that_went_away_is_an_error_of_its_own_and_a_folder_that_did_stops(folder: Path) -> None:
    source = source_of(str(folder))
    listed = list(source.pictures())
    (folder / "b.jpg").unlink()
    assert isinstance({one.name: one.content for one in source.read(listed)}["b.jpg"], ImageError)
    shutil.rmtree(folder)
    with pytest.raises(ScoringError, match="is gone"):
        list(source.read(listed))


def test_a_file_that_is_too_large_is_said_to_be_and_not_cut_short(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unmask.serving.scoring.folder.MAX_BYTES", 8)
    (folder / "b.jpg").write_bytes(bytes(9))
    (folder / "z.jpg").write_bytes(bytes(8))
    content = read(str(folder))
    assert str(content["b.jpg"]) == "more than 8 bytes"
    assert content["z.jpg"] == bytes(8)


def test_another_size_is_another_stamp(folder: Path) -> None:
    before = list(source_of(str(folder)).pictures())
    (folder / "b.jpg").write_bytes(b"longer")
    changed = set(source_of(str(folder)).pictures()) - set(before)
    assert changed == {Listed("b.jpg", "6")}


def test_a_zip_is_listed_in_order_with_what_it_may_not_hold(tmp_path: Path) -> None:
    path = tmp_path / "faces.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("b.jpg", "a/1.jpg", "../up.jpg", "notes.txt", "__MACOSX/b.jpg"):
            archive.writestr(name, name)
    content = read(str(path))
    assert list(content) == ["a/1.jpg", "b.jpg", "../up.jpg"]
    assert content["a/1.jpg"] == b"a/1.jpg"
    assert isinstance(content["../up.jpg"], ImageError)


def test_a_damaged_member_is_an_error_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "faces.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.jpg", b"first")
        archive.writestr("b.jpg", b"second")
    path.write_bytes(path.read_bytes().replace(b"first", b"fjrst", 1))
    content = read(str(path))
    assert isinstance(content["a.jpg"], ImageError)
    assert content["b.jpg"] == b"second"


@pytest.mark.parametrize(
    ("address", "match"),
    [
        ("absent", "there is no absent"),
        ("cut.zip", "no whole zip"),
        ("s3://", "cannot list s3://"),
        ("face.jpg", "face.jpg is a single picture: unmask predict judges it"),
    ],
)
def test_what_is_no_source_is_refused(
    address: str, match: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    Path("cut.zip").write_bytes(b"PK")
    Path("face.jpg").write_bytes(b"a picture")
    if address.startswith("s3"):
        pytest.importorskip("boto3", reason="boto3 is not installed: S3 is not read")
    with pytest.raises(ScoringError, match=match):
        list(source_of(address).pictures())


@pytest.fixture
def s3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    with running_s3(tmp_path) as server:
        for name, value in server.variables.items():
            monkeypatch.setenv(name, value)
        yield server


def test_s3_is_listed_below_a_prefix_and_read(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = s3.make_bucket()
    keys = [f"day/{number:04d}.jpg" for number in range(12)]
    monkeypatch.setattr(objects, "PAGE", 5)
    for key in [*keys, "day/notes.txt", "night/0.jpg"]:
        s3.client().put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert read(f"s3://{bucket}/day/") == {key: key.encode() for key in keys}
    source = source_of(f"s3://{bucket}/day/")
    assert isinstance(source, objects.Objects)
    gone = next(iter(source.read([Listed("day/gone.jpg", "")])))
    assert str(gone.content) == "S3 answers NoSuchKey"
    monkeypatch.setattr(objects, "MAX_BYTES", 3)
    large = next(iter(source.read([Listed(keys[0], "")])))
    assert str(large.content) == "more than 3 bytes"


def test_a_bucket_that_is_not_there_stops(s3: S3) -> None:
    with pytest.raises(ScoringError, match="NoSuchBucket"):
        names("s3://absent/day/")
    with pytest.raises(ScoringError, match="NoSuchBucket"):
        list(source_of("s3://absent/day/").read([Listed("day/1.jpg", "")]))


class ClosedS3:
    """A client whose keys may list, and read what begins with "open" alone."""

    def __init__(self, keys: list[str]) -> None:
        self.keys = keys

    def get_paginator(self, _: str) -> "ClosedS3":
        return self

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        yield {"Contents": [{"Key": key, "ETag": '"e"', "Size": 1} for key in self.keys]}

    def get_object(self, **asked: str) -> dict[str, Any]:
        from botocore.exceptions import ClientError

        if not asked["Key"].startswith("open"):
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject")
        return {"ContentLength": 1, "Body": io.BytesIO(b"1")}


def read_closed(monkeypatch: pytest.MonkeyPatch, keys: list[str], *, part: slice) -> list[bytes | ImageError]:
    """Reads one part of a bucket with such keys."""
    pytest.importorskip("botocore", reason="boto3 is not installed: S3 is not read")
    monkeypatch.setattr(objects, "client", lambda: ClosedS3(keys))
    source = source_of("s3://faces/")
    return [named.content for named in source.read(list(source.pictures())[part])]


@pytest.mark.parametrize("number", [1, objects.TRIED - 1, objects.TRIED, 3 * objects.TRIED])
def test_keys_that_may_list_and_not_read_stop_and_blame_no_picture(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [f"shut{number:03d}.jpg" for number in range(number)]
    with pytest.raises(
        ScoringError, match=r"S3 forbids all pictures that were tried of s3://faces/ .*allow s3:GetObject"
    ):
        read_closed(monkeypatch, keys, part=slice(None))


def test_a_folder_of_many_that_may_not_be_read_stops_after_others_that_may(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = ["open.jpg", *(f"shut{number:03d}.jpg" for number in range(objects.TRIED))]
    with pytest.raises(ScoringError, match="allow s3:GetObject"):
        read_closed(monkeypatch, keys, part=slice(1, None))


def test_a_few_pictures_that_may_not_be_read_are_errors_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    shut = [f"shut{number:03d}.jpg" for number in range(objects.TRIED - 1)]
    content = read_closed(monkeypatch, [*shut, "open.jpg", *shut], part=slice(None))  # not the first alone
    assert [str(one) for one in content] == [
        *["S3 answers AccessDenied"] * len(shut),
        "b'1'",
        *["S3 answers AccessDenied"] * len(shut),
    ]
    last = read_closed(monkeypatch, ["open.jpg", *shut], part=slice(1, None))  # the last part, where all are shut
    assert [str(one) for one in last] == ["S3 answers AccessDenied"] * len(shut)


def test_without_boto3_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "boto3", None)
    with pytest.raises(ScoringError, match=r"needs boto3: pip install"):
        names("s3://faces/")
