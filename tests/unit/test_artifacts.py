import errno
import hashlib
from pathlib import Path

import pandas as pd
import pytest

from unmask.artifacts import (
    atomic_path,
    read_json,
    sha256_of_file,
    sha256_of_text,
    write_csv,
    write_json,
    write_text,
)
from unmask.errors import StorageError


def test_a_file_appears_whole(tmp_path):
    with atomic_path(tmp_path / "deep" / "file.txt") as temporary:
        temporary.write_text("new")
        assert not (tmp_path / "deep" / "file.txt").exists()
    assert (tmp_path / "deep" / "file.txt").read_text() == "new"


def test_the_temporary_path_has_the_targets_name(tmp_path):
    # Keras, for one, chooses a format by the suffix.
    with atomic_path(tmp_path / "model.keras") as temporary:
        assert temporary.name == "model.keras"
        temporary.write_text("")


def test_a_folder_replaces_the_earlier_one_whole(tmp_path):
    for name in ("old", "new"):
        with atomic_path(tmp_path / "output") as temporary:
            temporary.mkdir()
            (temporary / name).write_text(name)
    assert [path.name for path in (tmp_path / "output").iterdir()] == ["new"]
    assert [path.name for path in tmp_path.iterdir()] == ["output"]


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_an_error_leaves_the_earlier_output_and_nothing_else(tmp_path, kind):
    target = tmp_path / "output"
    inside = target if kind == "file" else target / "inside"
    with atomic_path(target) as temporary:
        if kind == "folder":
            temporary.mkdir()
        (temporary if kind == "file" else temporary / "inside").write_text("old")

    def fail():
        with atomic_path(target) as temporary:
            temporary.write_text("half")
            raise ValueError("in the middle")

    with pytest.raises(ValueError, match="in the middle"):
        fail()
    assert inside.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["output"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_says_what_to_do(tmp_path, code):
    def fill_up():
        with atomic_path(tmp_path / "file.txt"):
            raise OSError(code, "full")

    with pytest.raises(StorageError, match=r"no space left to write .*file\.txt: free some disk space"):
        fill_up()
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    def refuse(*arguments, **options):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(StorageError, match=r"cannot write .*file\.txt: Permission denied"):
        write_text(tmp_path / "file.txt", "text")


def test_other_errors_of_the_system_pass_unchanged(tmp_path):
    def read_nothing():
        with atomic_path(tmp_path / "file.txt"):
            (tmp_path / "absent").read_bytes()

    with pytest.raises(FileNotFoundError, match="absent"):
        read_nothing()


def test_equal_json_gives_equal_bytes(tmp_path):
    write_json(tmp_path / "one.json", {"b": 1, "a": [1.5]})
    write_json(tmp_path / "two.json", {"a": [1.5], "b": 1})
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    assert read_json(tmp_path / "one.json") == {"a": [1.5], "b": 1}


def test_json_refuses_what_is_no_number(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "file.json", {"loss": float("nan")})
    assert list(tmp_path.iterdir()) == []


def test_tables_have_unix_line_ends_and_no_index(tmp_path):
    write_csv(tmp_path / "table.csv", pd.DataFrame({"member": ["a,b"], "label": [1]}))
    assert (tmp_path / "table.csv").read_bytes() == b'member,label\n"a,b",1\n'


def test_hashes_are_sha256(tmp_path):
    write_text(tmp_path / "file.txt", "tëxt")
    expected = hashlib.sha256("tëxt".encode()).hexdigest()
    assert sha256_of_file(tmp_path / "file.txt") == sha256_of_text("tëxt") == expected


def test_folder_stays_when_its_successor_cannot_take_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old").write_text("kept")

    def refuse(self: Path, target: Path) -> None:
        raise OSError(errno.EIO, "the second rename fails")

    def write() -> None:
        with atomic_path(tmp_path / "out") as new:
            new.mkdir()
            monkeypatch.setattr(Path, "replace", refuse)

    with pytest.raises(OSError, match="the second rename fails"):
        write()
    assert (tmp_path / "out" / "old").read_text() == "kept"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
