"""New data upstream is noticed, and nothing else is called new."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from unmask import config
from unmask.artifacts import sha256_of_file
from unmask.config import DownloadConfig
from unmask.data.sources import kaggle_client
from unmask.records import Source
from unmask.retraining import upstream

ROOT = Path(__file__).parents[3]


@pytest.fixture
def section(tmp_path: Path) -> DownloadConfig:
    (tmp_path / "faces.zip").write_bytes(b"the first")
    parameters = config.load(ROOT / "params.yaml").download
    return replace(parameters, source="archive", archive=str(tmp_path / "faces.zip"))


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    folder.mkdir()
    known = Source(
        name="faces",
        version="3",
        url="",
        licence="",
        archive="faces.zip",
        bytes=9,
        sha256=sha256_of_file(tmp_path / "faces.zip"),
    )
    (folder / "source.json").write_text(json.dumps(asdict(known)))
    return folder


def test_the_same_archive_is_not_new_and_another_is(section: DownloadConfig, raw: Path) -> None:
    assert upstream.changed(section, raw) == ""
    Path(section.archive).write_bytes(b"another")
    assert "faces.zip is another file" in upstream.changed(section, raw)


def test_what_was_never_fetched_or_is_gone_is_not_new(section: DownloadConfig, raw: Path, tmp_path: Path) -> None:
    assert upstream.changed(section, tmp_path / "empty") == ""
    Path(section.archive).unlink()
    assert upstream.changed(section, raw) == ""


@pytest.mark.parametrize(("pinned", "now", "is_new"), [("", 4, True), ("", 3, False), ("3", 4, False)])
def test_kaggle_is_asked_for_its_version_unless_one_is_pinned(
    section: DownloadConfig, raw: Path, monkeypatch: pytest.MonkeyPatch, pinned: str, now: int, is_new: bool
) -> None:
    class Details:
        version = str(now)

    monkeypatch.setattr(kaggle_client, "sign_in", lambda: None)
    monkeypatch.setattr(kaggle_client, "current_details", lambda *_: Details())
    wanted = replace(section, source="kaggle", kaggle=replace(section.kaggle, version=pinned))
    assert ("version 4" in upstream.changed(wanted, raw)) == is_new
