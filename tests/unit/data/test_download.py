import dataclasses
import hashlib
import json

import pytest

from unmask.data.download import fetch_archive
from unmask.data.raw import Folders, describe, find_archive, read_source
from unmask.errors import ArchiveError


@pytest.fixture
def config(parameters, make_archive):
    return dataclasses.replace(parameters.download, source="archive", archive=str(make_archive()))


@pytest.fixture
def folders(tmp_path):
    return Folders(target=tmp_path / "new" / "raw", output=tmp_path / "raw", partial=tmp_path / ".partial.raw")


def test_says_where_the_archive_came_from_and_what_it_is(config, folders):
    source = fetch_archive(config, folders)
    content = (folders.target / "faces.zip").read_bytes()
    assert dataclasses.asdict(source) == {
        "name": "faces",
        "version": "",
        "url": "",
        "licence": "as its maker states",
        "archive": "faces.zip",
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def test_an_archive_without_faces_is_refused_at_once(config, make_archive, folders):
    config = dataclasses.replace(config, archive=str(make_archive({"notes.txt": b"x"}, name="notes.zip")))
    with pytest.raises(ArchiveError, match=r"notes\.zip holds no images"):
        fetch_archive(config, folders)


def test_finds_the_archive_that_the_source_names(tmp_path):
    (tmp_path / "source.json").write_text(json.dumps({"archive": "faces.zip"}))
    (tmp_path / "faces.zip").write_bytes(b"")
    (tmp_path / "other.zip").write_bytes(b"")
    assert find_archive(tmp_path) == tmp_path / "faces.zip"


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"archive": 3}'])
def test_a_missing_or_damaged_source_is_an_archive_error(tmp_path, content):
    if content is not None:
        (tmp_path / "source.json").write_text(content)
    with pytest.raises(ArchiveError, match=r"source\.json is missing or damaged"):
        find_archive(tmp_path)


def test_an_archive_that_was_removed_is_named(tmp_path):
    (tmp_path / "source.json").write_text(json.dumps({"archive": "faces.zip"}))
    with pytest.raises(ArchiveError, match=r"names faces\.zip, which is missing beside it"):
        find_archive(tmp_path)


def test_an_archive_is_looked_for_nowhere_but_in_its_folder(tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "source.json").write_text(json.dumps({"archive": "../faces.zip"}))
    (tmp_path / "faces.zip").write_bytes(b"")
    with pytest.raises(ArchiveError, match=r"names faces\.zip, which is missing"):
        find_archive(tmp_path / "raw")


def test_a_source_is_read_as_it_was_written(tmp_path):
    (tmp_path / "faces.zip").write_bytes(b"zip")
    source = describe(tmp_path / "faces.zip", name="faces", version="2", url="https://h", licence="CC0")
    (tmp_path / "source.json").write_text(json.dumps(dataclasses.asdict(source)))
    assert read_source(tmp_path) == source


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"archive": 3}', '{"name": "faces", "surprise": 1}'])
def test_a_missing_or_damaged_source_is_no_source(tmp_path, content):
    if content is not None:
        (tmp_path / "source.json").write_text(content)
    assert read_source(tmp_path) is None
