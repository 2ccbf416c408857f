"""The stages download, index and split, as a command runs them."""

import errno
import json
import runpy
import shutil
import sys
from pathlib import Path

import pytest

STAGES = Path(__file__).parents[3] / "stages"


@pytest.fixture
def run(monkeypatch):
    """Runs a stage in this process; gives its exit code."""

    def run_stage(stage, *arguments):
        monkeypatch.setattr(sys, "argv", [stage, *map(str, arguments)])
        try:
            runpy.run_path(str(STAGES / f"{stage}.py"), run_name="__main__")
        except SystemExit as ending:
            return ending.code
        return 0

    return run_stage


@pytest.fixture
def write_archive_parameters(write_parameters):
    """Parameters that name an archive; one process, so that nothing is spawned."""

    def write(archive, **more):
        changes = {
            "source: sample ": "source: archive ",
            'archive: ""': f"archive: {archive}",
            "workers: 0": "workers: 1",
            **more,
        }
        return write_parameters(changes)

    return write


@pytest.fixture
def run_all(run, write_archive_parameters, tmp_path):
    """Runs the three stages one after the other; gives the last exit code."""

    def run_stages(archive):
        params = write_archive_parameters(archive)
        raw, index, split = (tmp_path / name for name in ("raw", "index", "split"))
        return (
            run("download", "--params", params, "--output", raw)
            or run("index", "--params", params, "--raw", raw, "--output", index)
            or run("split", "--params", params, "--raw", raw, "--index", index, "--output", split)
        )

    return run_stages


def contents(*folders):
    """Every file below some folders, and its bytes."""
    return {path: path.read_bytes() for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()}


def test_three_stages_lead_from_an_archive_to_splits(run_all, make_archive, tmp_path):
    assert run_all(make_archive(per_class=4, splits=("train", "valid", "test"))) == 0
    names = [
        str(path.relative_to(tmp_path)) for path in contents(*(tmp_path / name for name in ("raw", "index", "split")))
    ]
    assert names == [
        "raw/faces.zip",
        "raw/source.json",
        "index/audit.html",
        "index/audit.json",
        "index/records.csv",
        "index/rejects.csv",
        "index/thumbnails.npy",
        "split/audit.html",
        "split/audit.json",
        "split/copies.csv",
        "split/test.csv",
        "split/train.csv",
        "split/validation.csv",
    ]
    sizes = json.loads((tmp_path / "split" / "audit.json").read_text())["images"]
    assert sizes == {name: {"real": 4, "fake": 4} for name in ("train", "validation", "test")}


def test_data_that_is_not_fit_stops_the_pipeline_and_leaves_its_audit(
    run, run_all, write_archive_parameters, make_archive, make_faces, tmp_path, capsys
):
    faces = make_faces(per_class=20)
    assert run_all(make_archive(faces, name="fit.zip")) == 0
    before = contents(tmp_path / "split")
    params = write_archive_parameters(
        make_archive({**faces, "fake/copy.jpg": faces["real/000.jpg"]}, name="unfit.zip"),
        **{"conflict_share: {warn: 0.0, stop: 0.05}": "conflict_share: {warn: 0.0, stop: 0.02}"},
    )
    raw, index, split = (tmp_path / name for name in ("raw", "index", "split"))
    assert run("download", "--params", params, "--output", raw) == 0
    assert run("index", "--params", params, "--raw", raw, "--output", index) == 0
    assert run("split", "--params", params, "--raw", raw, "--index", index, "--output", split) == 1
    shown = capsys.readouterr().err
    assert "conflict_share is 0.04878, above 0.02: 2 of 41 images have a copy of the other class." in shown
    assert "split.refused/audit.html" in shown
    assert "fake/copy.jpg" in (tmp_path / "split.refused" / "audit.html").read_text()
    assert contents(split) == before


def test_the_same_archive_gives_the_same_bytes(run_all, make_archive, tmp_path):
    archive = make_archive(per_class=20)
    folders = [tmp_path / name for name in ("raw", "index", "split")]
    assert run_all(archive) == 0
    before = contents(*folders)
    assert run_all(archive) == 0
    assert contents(*folders) == before


def bad_archives(make_archive, make_faces, make_image):
    """Bad archives by what is wrong with them, and what the message must say."""
    faces = make_faces(per_class=20)
    table = "path,label\nreal/000.jpg,0\n"
    whole = make_archive(faces, name="whole.zip").read_bytes()
    truncated = make_archive(faces, name="truncated.zip")
    truncated.write_bytes(whole[: len(whole) // 2])
    text = truncated.with_name("text.zip")
    text.write_text("not a zip")
    return {
        "missing": (text.with_name("absent.zip"), "there is no archive"),
        "truncated": (truncated, "truncated, or not a zip"),
        "text": (text, "text.zip is no whole zip file"),
        "no images": (make_archive({"notes.txt": b"x"}, name="notes.zip"), "notes.zip holds no images"),
        "one class": (make_archive({"real/a.jpg": make_image()}, name="one.zip"), "one.zip holds one class only"),
        "labels": (make_archive(faces | {"labels.csv": table}, name="labels.zip"), "real/000.jpg"),
        "rejects": (make_archive(faces | {"real/bad.jpg": b"x"}, name="bad.zip"), "real/bad.jpg: not a JPEG"),
        "too few": (make_archive(make_faces(per_class=1), name="few.zip"), "too few images"),
    }


@pytest.mark.parametrize(
    "fault", ["missing", "truncated", "text", "no images", "one class", "labels", "rejects", "too few"]
)
def test_a_bad_archive_is_named_and_costs_no_earlier_output(
    run, run_all, write_archive_parameters, make_archive, make_faces, make_image, tmp_path, capsys, fault
):
    assert run_all(make_archive(per_class=20, name="good.zip")) == 0
    before = contents(tmp_path / "split")
    capsys.readouterr()
    archive, message = bad_archives(make_archive, make_faces, make_image)[fault]
    assert run_all(archive) == 1
    shown = capsys.readouterr().err
    assert message in shown
    assert "Traceback" not in shown
    assert contents(tmp_path / "split") == before
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_failed_index_leaves_the_earlier_index(
    run, run_all, make_archive, make_faces, write_archive_parameters, tmp_path
):
    assert run_all(make_archive(per_class=20)) == 0
    before = contents(tmp_path / "index")
    bad = make_archive(make_faces(per_class=20) | {"real/bad.jpg": b""}, name="bad.zip")
    shutil.copyfile(bad, tmp_path / "raw" / "faces.zip")
    params = write_archive_parameters(bad)
    assert run("index", "--params", params, "--raw", tmp_path / "raw", "--output", tmp_path / "index") == 1
    assert contents(tmp_path / "index") == before


@pytest.mark.parametrize("stage", ["download", "index", "split"])
def test_a_full_disk_is_named_and_costs_no_earlier_output(run_all, make_archive, tmp_path, monkeypatch, capsys, stage):
    archive = make_archive(per_class=20)
    assert run_all(archive) == 0
    folders = [tmp_path / name for name in ("raw", "index", "split")]
    before = contents(*folders)

    def fill_up(*arguments, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    if stage == "download":
        monkeypatch.setattr(shutil, "copyfile", fill_up)
    else:
        name = {"index": "rejects.csv", "split": "train.csv"}[stage]
        write = Path.replace
        monkeypatch.setattr(Path, "replace", lambda path, to: fill_up() if path.name == name else write(path, to))
    assert run_all(archive) == 1
    shown = capsys.readouterr().err
    assert "no space left to write" in shown
    assert "free some disk space" in shown
    assert contents(*folders) == before


def test_debug_shows_where_an_error_came_from(run, write_archive_parameters, tmp_path):
    from unmask.errors import ArchiveError

    params = write_archive_parameters(tmp_path / "absent.zip")
    with pytest.raises(ArchiveError, match="there is no archive"):
        run("download", "--debug", "--params", params, "--output", tmp_path / "raw")


def test_each_stage_logs_its_counts_and_its_output(run_all, make_archive, capsys, tmp_path):
    run_all(make_archive(per_class=20))
    lines = capsys.readouterr().err.splitlines()
    assert any(line.startswith("INFO index: 40 records, 0 rejects in ") for line in lines)
    assert any(line.startswith("INFO split: 28 train, 6 validation, 6 test in ") for line in lines)
