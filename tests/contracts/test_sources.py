"""What holds for every source of the table that needs no network; Kaggle's is tested against a server of its own."""

import hashlib
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from unmask.config import Config, DownloadConfig, SampleConfig
from unmask.data.archives.contents import list_contents
from unmask.data.raw import Folders
from unmask.data.sources import SOURCES

OFFLINE = sorted(set(SOURCES) - {"kaggle"})


@pytest.fixture
def section(parameters: Config, make_archive: Callable[..., Path]) -> DownloadConfig:
    sample = SampleConfig(images=20, image_size=32, seed=1)
    return replace(parameters.download, sample=sample, archive=str(make_archive(per_class=10)))


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    target = tmp_path / "new" / "raw"
    target.mkdir(parents=True)
    return Folders(target=target, output=tmp_path / "raw", partial=tmp_path / ".partial.raw")


@pytest.mark.parametrize("name", OFFLINE)
def test_leaves_one_whole_zip_of_both_classes_and_names_it(
    name: str, section: DownloadConfig, folders: Folders
) -> None:
    source = SOURCES[name](section, folders)
    assert [path.name for path in folders.target.iterdir()] == [source.archive]
    with zipfile.ZipFile(folders.target / source.archive) as archive:
        assert archive.testzip() is None
    contents = list_contents(folders.target / source.archive)
    assert len(contents.members) == 20
    assert {member.label for member in contents.members} == {0, 1}


@pytest.mark.parametrize("name", OFFLINE)
def test_says_what_it_is_and_under_what_terms(name: str, section: DownloadConfig, folders: Folders) -> None:
    source = SOURCES[name](section, folders)
    content = (folders.target / source.archive).read_bytes()
    assert source.name
    assert source.licence
    assert (source.bytes, source.sha256) == (len(content), hashlib.sha256(content).hexdigest())


def test_parameters_allow_exactly_the_sources_of_the_table(parameters: Config) -> None:
    for name in SOURCES:
        assert replace(parameters.download, source=name).source == name
