import errno
import hashlib
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from unmask import artifacts
from unmask.artifacts import (
    UNFINISHED,
    atomic_path,
    read_json,
    sha256_of_file,
    sha256_of_text,
    write_csv,
    write_json,
    write_text,
)
from unmask.errors import StorageError

# Writes a folder of two files over an earlier one, again and again, each time killed one step of the system later.
KILL_AT_EVERY_STEP = """
import itertools, json, os, signal, sys
from pathlib import Path
from unmask import artifacts

def write(content):
    with artifacts.atomic_path(target) as temporary:
        temporary.mkdir()
        for name in ("a", "b"):
            (temporary / name).write_text(content)

def kill_before(step):
    steps = itertools.count()
    def count(event, arguments):
        if event.startswith(("os.", "open", "shutil.", "tempfile.", "fcntl.", "ctypes.")) and next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(count)

target = Path(sys.argv[1])
for step in itertools.count():
    write("old")
    child = os.fork()
    if not child:
        kill_before(step)
        write("new")
        os._exit(0)
    _, status = os.waitpid(child, 0)
    left = [path.name for path in target.parent.iterdir() if path.name != target.name]
    print(json.dumps({"content": [(target / name).read_text() for name in ("a", "b")], "left": left}))
    if status == 0:
        break
"""
# Holds a workspace open until it is told to go on.
HOLD = """
import sys
from pathlib import Path
from unmask.artifacts import atomic_path
with atomic_path(Path(sys.argv[1])) as temporary:
    temporary.write_text("of the living")
    print("open", flush=True)
    sys.stdin.readline()
"""
WRITE_AGAIN_AND_AGAIN = """
import sys
from pathlib import Path
from unmask.artifacts import atomic_path, write_text
for number in range(150):
    write_text(Path(sys.argv[1]) / "file.txt", sys.argv[2] * 1000)
    with atomic_path(Path(sys.argv[1]) / "folder") as temporary:
        temporary.mkdir()
        (temporary / "a").write_text(sys.argv[2])
        (temporary / "b").write_text(sys.argv[2])
"""


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


def test_a_full_disk_is_recognised_in_a_library_s_own_error(tmp_path):
    def fill_up():
        with atomic_path(tmp_path / "model.keras"):
            raise RuntimeError("unable to write (errno = 28, error message = 'No space left on device')")

    with pytest.raises(StorageError, match=r"no space left to write .*model\.keras: free some disk space"):
        fill_up()


def test_a_full_disk_is_recognised_behind_another_error(tmp_path):
    def fill_up():
        with atomic_path(tmp_path / "faces.zip"):
            try:
                raise OSError(errno.ENOSPC, "full")
            finally:
                raise ValueError("cannot close")

    with pytest.raises(StorageError, match=r"no space left to write .*faces\.zip"):
        fill_up()


def test_the_file_that_did_not_fit_is_named_not_the_folder_around_it(tmp_path):
    def fill_up():
        with atomic_path(tmp_path / "index") as folder, atomic_path(folder / "records.csv"):
            raise OSError(errno.ENOSPC, "full")

    path = re.escape(str(tmp_path / "index" / "records.csv"))
    with pytest.raises(StorageError, match=f"no space left to write {path}: free"):
        fill_up()


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

    monkeypatch.setattr(artifacts, "exchange", lambda one, other: False)

    def write() -> None:
        with atomic_path(tmp_path / "out") as new:
            new.mkdir()
            monkeypatch.setattr(Path, "replace", refuse)

    with pytest.raises(OSError, match="the second rename fails"):
        write()
    assert (tmp_path / "out" / "old").read_text() == "kept"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_folder_is_replaced_where_two_names_cannot_be_swapped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifacts, "exchange", lambda one, other: False)
    test_a_folder_replaces_the_earlier_one_whole(tmp_path)


def test_a_kill_at_any_step_leaves_the_old_folder_or_the_new_and_the_next_run_clears_the_rest(tmp_path: Path) -> None:
    lines = run(KILL_AT_EVERY_STEP, tmp_path / "out").stdout.splitlines()
    states = [json.loads(line) for line in lines]
    contents = Counter("+".join(state["content"]) for state in states)
    # make, lock, write twice, swap, remove: at least these are steps of the system
    assert set(contents) == {"old+old", "new+new"}
    assert contents["old+old"] >= 6
    assert contents["new+new"] >= 3
    assert {len(state["left"]) for state in states} == {0, 1}  # never that of an earlier kill too
    assert states[-1]["left"] == []


def test_the_workspace_of_a_living_process_is_never_touched(tmp_path: Path) -> None:
    target = tmp_path / "file.txt"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(target)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as living:
        try:
            assert living.stdout.readline() == "open\n"
            (workspace,) = tmp_path.iterdir()
            write_text(target, "of another")
            assert target.read_text() == "of another"
            assert (workspace / "file.txt").read_text() == "of the living"
            living.communicate("go on\n", timeout=60)
        finally:
            living.kill()
    assert living.returncode == 0
    assert target.read_text() == "of the living"
    assert list(tmp_path.iterdir()) == [target]


def test_the_workspace_of_a_dead_process_is_cleared_by_the_next_write_of_the_same_target_only(tmp_path: Path) -> None:
    dead = tmp_path / f".file.txt.abcd1234{UNFINISHED}"
    (dead / "deep").mkdir(parents=True)
    write_text(tmp_path / "other.txt", "text")
    assert dead.exists()
    write_text(tmp_path / "file.txt", "text")
    assert not dead.exists()


@pytest.mark.parametrize("name", [".file.txt.swp", ".file.txt.backup", f"file.txt{UNFINISHED}"])
def test_hidden_neighbours_of_another_kind_stay(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / f".file.txt.link{UNFINISHED}").symlink_to(tmp_path / name)
    (tmp_path / f".file.txt.file{UNFINISHED}").write_text("")
    before = set(tmp_path.iterdir())
    write_text(tmp_path / "file.txt", "text")
    assert set(tmp_path.iterdir()) == before | {tmp_path / "file.txt"}


def test_nothing_is_cleared_where_the_file_system_has_no_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(artifacts.fcntl, "flock", refuse)
    other = tmp_path / f".file.txt.abcd1234{UNFINISHED}"
    other.mkdir()
    write_text(tmp_path / "file.txt", "text")
    assert (tmp_path / "file.txt").read_text() == "text"
    assert other.exists()


@pytest.mark.parametrize("moment", ["before it is opened", "before it is locked"])
def test_a_workspace_taken_for_a_leftover_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    module, name = (artifacts.tempfile, "mkdtemp") if moment == "before it is opened" else (artifacts.fcntl, "flock")
    call = getattr(module, name)
    taken = []

    def call_and_take(*arguments: int, **options: str) -> str | None:
        made = call(*arguments, **options)
        if not taken:
            (workspace,) = tmp_path.iterdir()
            taken.append(workspace)
            workspace.rmdir()
        return made

    monkeypatch.setattr(module, name, call_and_take)
    write_text(tmp_path / "file.txt", "text")
    assert len(taken) == 1
    assert list(tmp_path.iterdir()) == [tmp_path / "file.txt"]


def test_two_processes_that_write_the_same_targets_disturb_each_other_not(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen([sys.executable, "-c", WRITE_AGAIN_AND_AGAIN, str(tmp_path), content]) for content in "xy"
    ]
    try:
        assert [process.wait(timeout=120) for process in processes] == [0, 0]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert (tmp_path / "file.txt").read_text() in ("x" * 1000, "y" * 1000)
    assert (tmp_path / "folder" / "a").read_text() == (tmp_path / "folder" / "b").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file.txt", "folder"]


def run(script: str, target: Path) -> subprocess.CompletedProcess[str]:
    """Runs a script in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", script, str(target)], capture_output=True, text=True, timeout=120, check=True
    )


def test_file_in_the_place_of_a_folder_is_kept_and_named(tmp_path: Path) -> None:
    (tmp_path / "index").write_text("keep")
    with (
        pytest.raises(StorageError, match=r"index: a file of that name is in the way"),
        artifacts.atomic_path(tmp_path / "index") as folder,
    ):
        folder.mkdir()
    with pytest.raises(StorageError, match=r"cannot make the folder .*index: a file is in its way"):
        artifacts.write_text(tmp_path / "index" / "text", "x")
    assert (tmp_path / "index").read_text() == "keep"
    assert [path.name for path in tmp_path.iterdir()] == ["index"]


def test_message_names_files_as_they_are_called_in_the_end() -> None:
    message = "data/.raw.s3yupxtg.unfinished/raw/faces.zip holds one class only"
    assert artifacts.without_temporary(message) == "data/raw/faces.zip holds one class only"
