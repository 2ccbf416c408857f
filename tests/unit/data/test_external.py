"""Faces from elsewhere: found, read as the pipeline reads its own, refused with reasons."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from unmask import config
from unmask.data import external
from unmask.data.pictures.decoding import decode, fit_image
from unmask.errors import ArchiveError

PREPROCESS = {"image_size": 24, "fit": "resize", "resample": "box", "equalise": 0}


@pytest.fixture
def folder(tmp_path: Path, make_image: Callable[..., bytes]) -> Path:
    for label in ("real", "fake"):
        (tmp_path / "faces" / label).mkdir(parents=True)
        for number in range(5):
            (tmp_path / "faces" / label / f"{number}.jpg").write_bytes(make_image())
    return tmp_path / "faces"


def read(path: Path, parameters: config.Config, *, batch_size: int = 4) -> list[external.Batch]:
    with external.opened(path, parameters.index) as found:
        return list(external.batches(found, preprocess=PREPROCESS, max_pixels=10**6, batch_size=batch_size))


def test_a_folder_is_read_as_the_zip_of_it(folder: Path, parameters: config.Config, tmp_path: Path) -> None:
    archive = external.packed(folder, tmp_path / "faces.zip")
    for (images, labels, members), (others, other_labels, other_members) in zip(
        read(folder, parameters), read(archive, parameters), strict=True
    ):
        np.testing.assert_array_equal(images, others)
        assert labels.tolist() == other_labels.tolist()
        assert members == other_members
    assert [len(members) for _, _, members in read(folder, parameters)] == [4, 4, 2]


def test_pictures_are_those_that_serving_sees(folder: Path, parameters: config.Config) -> None:
    ((images, labels, members),) = read(folder, parameters, batch_size=10)
    assert labels.tolist() == [int(member.startswith("fake")) for member in members]
    content = (folder / members[0]).read_bytes()
    expected = fit_image(decode(content, max_pixels=10**6), size=24, fit="resize", resample="box")
    np.testing.assert_array_equal(images[0], expected)


def test_zips_and_folders_are_found_and_named_ones_added(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "a.zip").touch()
    (tmp_path / "README.md").touch()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "c.zip").touch()
    found = external.find_sets(tmp_path, [str(tmp_path / "more" / "c.zip")])
    assert [path.stem for path in found] == ["a", "b", "c", "more"]


def test_a_named_set_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"evaluate_external\.sets: there is no .*absent\.zip"):
        external.find_sets(tmp_path, [str(tmp_path / "absent.zip")])


def test_two_sets_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a.zip").touch()
    with pytest.raises(ArchiveError, match="two sets from elsewhere are called a: rename one"):
        external.find_sets(tmp_path, [])


def test_pictures_of_equal_bytes_and_of_one_group_belong_together(
    folder: Path, parameters: config.Config, make_image: Callable[..., bytes]
) -> None:
    (folder / "real" / "other.jpg").write_bytes(make_image(1))
    with external.opened(folder, parameters.index) as found:
        names = found.clusters
    assert names["real/1.jpg"] == names["real/0.jpg"] == names["fake/4.jpg"]
    assert names["real/other.jpg"] == "real/other.jpg"


def test_files_older_than_zips_can_say_are_read(folder: Path, parameters: config.Config) -> None:
    os.utime(folder / "real" / "0.jpg", (0, 0))  # 1970
    assert [len(members) for _, _, members in read(folder, parameters)] == [4, 4, 2]


@pytest.mark.parametrize("as_archive", [False, True])
def test_a_set_with_too_many_damaged_pictures_is_named(
    folder: Path, parameters: config.Config, tmp_path: Path, as_archive: bool
) -> None:
    (folder / "real" / "0.jpg").write_bytes(b"damaged")
    path = external.packed(folder, tmp_path / "faces.zip") if as_archive else folder
    with pytest.raises(ArchiveError, match=rf"^{path}, a set from elsewhere: 1 of 10 images cannot be used"):
        read(path, parameters)


def test_a_folder_is_named_by_its_own_path(tmp_path: Path, parameters: config.Config) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ArchiveError, match=rf"^{tmp_path / 'empty'}, a set from elsewhere: {tmp_path / 'empty'} holds"):
        read(tmp_path / "empty", parameters)
