import dataclasses
import errno
import os
import shutil
from collections import namedtuple

import pytest

from unmask.data.raw import Folders
from unmask.data.sources.archive import fetch
from unmask.errors import ArchiveError, ConfigError, StorageError

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def folders(tmp_path):
    target = tmp_path / "new" / "raw"
    target.mkdir(parents=True)
    return Folders(target=target, output=tmp_path / "raw", partial=tmp_path / ".partial.raw")


@pytest.fixture
def name_archive(parameters):
    def name(path):
        return dataclasses.replace(parameters.download, source="archive", archive=str(path))

    return name


def test_copies_the_archive_and_names_it(make_archive, name_archive, folders):
    path = make_archive(name="our-faces.zip")
    source = fetch(name_archive(path), folders)
    assert (source.name, source.archive) == ("our-faces", "our-faces.zip")
    assert (folders.target / "our-faces.zip").read_bytes() == path.read_bytes()
    assert [file.name for file in folders.target.iterdir()] == ["our-faces.zip"]


def test_brings_the_groups_that_lie_beside_the_archive(make_archive, name_archive, folders):
    path = make_archive()
    path.with_name("sources.csv").write_text("path,group\n")
    fetch(name_archive(path), folders)
    assert (folders.target / "sources.csv").read_text() == "path,group\n"


def test_an_unnamed_archive_is_refused(name_archive, folders):
    with pytest.raises(ConfigError, match=r"download\.archive is empty"):
        fetch(name_archive(""), folders)


def test_a_missing_archive_is_refused(name_archive, folders, tmp_path):
    with pytest.raises(ArchiveError, match=r"there is no archive .*absent\.zip"):
        fetch(name_archive(tmp_path / "absent.zip"), folders)


@pytest.mark.timeout(20)
def test_what_is_no_file_is_refused(name_archive, folders, tmp_path):
    os.mkfifo(tmp_path / "pipe.zip")
    for name, message in (("pipe.zip", "is not a file"), (".", "is not a file"), ("a\0b.zip", "there is no archive")):
        with pytest.raises(ArchiveError, match=message):
            fetch(name_archive(tmp_path / name), folders)


@pytest.mark.parametrize("name", ["source.json", "sources.csv"])
def test_an_archive_named_like_a_file_of_the_stage_is_refused(make_archive, name_archive, folders, name):
    with pytest.raises(ConfigError, match=f"writes a {name} of its own: rename"):
        fetch(name_archive(make_archive(name=name)), folders)
    assert list(folders.target.iterdir()) == []


def test_a_table_beside_the_archive_that_cannot_be_read_is_named(make_archive, name_archive, folders, monkeypatch):
    path = make_archive()
    table = path.with_name("sources.csv")
    table.write_text("path,group\n")

    def refuse(self):
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(type(table), "read_bytes", refuse)
    with pytest.raises(ArchiveError, match=rf"cannot read {table}: Permission denied"):
        fetch(name_archive(path), folders)


def test_a_truncated_archive_is_refused_before_it_is_copied(make_archive, name_archive, folders):
    path = make_archive()
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ArchiveError, match="truncated, or not a zip"):
        fetch(name_archive(path), folders)
    assert list(folders.target.iterdir()) == []


def test_a_copy_that_would_not_fit_is_not_begun(make_archive, name_archive, folders, monkeypatch):
    path = make_archive()
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(10**9, 10**9, path.stat().st_size - 1))
    with pytest.raises(StorageError, match=r"no space left in .*raw: .* MB are needed and .* MB are free"):
        fetch(name_archive(path), folders)
    assert list(folders.target.iterdir()) == []


def test_a_disk_that_fills_up_during_the_copy_is_not_taken_for_success(
    make_archive, name_archive, folders, monkeypatch
):
    def fill_up(source, destination):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", fill_up)
    # The stage's atomic_path turns it into a StorageError: see tests/unit/stages.
    with pytest.raises(OSError, match="No space left on device"):
        fetch(name_archive(make_archive()), folders)
