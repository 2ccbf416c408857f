import subprocess
from pathlib import Path

import pytest

from unmask.tracking.provenance import UNKNOWN, Revision, changes, current_revision, dvc_digest, revision_of_output


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    (tmp_path / "params.yaml").write_text("a: 1\n")
    model = tmp_path / "models" / "cnn"
    model.mkdir(parents=True)
    for name, content in {"b": "a\n", "a": "c\n", "sub/z": "é\n"}.items():
        (model / name).parent.mkdir(exist_ok=True)
        (model / name).write_text(content, encoding="utf-8")
    git(tmp_path, "add", "params.yaml")
    git(tmp_path, "commit", "-qm", "first")
    return tmp_path


def test_a_folders_digest_is_the_one_dvc_writes(checkout: Path) -> None:
    # DVC 3.67.1 wrote this into dvc.lock for an output of these three files.
    assert dvc_digest(checkout / "models" / "cnn") == "dd16e626b25159d181b40872a045da74.dir"


def test_a_changed_parameter_makes_the_tree_dirty_and_dvc_lock_does_not(checkout: Path) -> None:
    commit = git(checkout, "rev-parse", "HEAD")
    (checkout / "dvc.lock").write_text("schema: '2.0'\n")
    assert current_revision(checkout) == Revision(commit=commit, dirty="false")
    (checkout / "params.yaml").write_text("a: 2\n")
    assert current_revision(checkout) == Revision(commit=commit, dirty="true")


def test_what_no_commit_holds_is_a_patch_that_brings_it_back(checkout: Path) -> None:
    assert changes(checkout) == b""
    (checkout / "src").mkdir()
    (checkout / "src" / "kept.py").write_text("old = 1\n\n")
    git(checkout, "add", "src")
    git(checkout, "commit", "-qm", "code")
    edited = {"params.yaml": "a: 2\n", "src/kept.py": "old = 2\n\n", "src/new file.py": "new = True\n"}
    for name, content in edited.items():
        (checkout / name).write_text(content)
    (checkout / "notes.txt").write_text("the pipeline does not read this")
    patch = checkout / "changes.patch"
    patch.write_bytes(changes(checkout))
    assert "notes" not in patch.read_text()
    git(checkout, "checkout", "-q", ".")
    (checkout / "src" / "new file.py").unlink()
    git(checkout, "apply", str(patch))
    assert {name: (checkout / name).read_text() for name in edited} == edited


def test_the_patch_brings_every_byte_back(checkout: Path) -> None:
    for key, value in {"color.ui": "always", "diff.noprefix": "true", "diff.context": "0"}.items():
        git(checkout, "config", key, value)
    source = checkout / "src"
    source.mkdir()
    kept = {"crlf.py": b"a = 1\r\nb = 2\r\n", "picture.bin": b"\0\xff\x01", "latin.txt": b"caf\xe9\nno end"}
    for name, content in kept.items():
        (source / name).write_bytes(content)
    git(checkout, "add", "src")
    git(checkout, "commit", "-qm", "code")
    edited = {
        **{name: content.replace(b"1", b"7") + b"\xfe\r\n" for name, content in kept.items()},
        "n\u00e9w \u4eba.py": b"new = True\r\n",
        "new.bin": bytes(range(256)),
        "new latin.txt": b"\xe9t\xe9",
        "empty.py": b"",
        "\udcff.py": b"name = 'no UTF-8'\n",
    }
    for name, content in edited.items():
        (source / name).write_bytes(content)
    patch = checkout / "changes.patch"
    patch.write_bytes(changes(checkout))
    git(checkout, "checkout", "-q", ".")
    git(checkout, "clean", "-fdq", "src")
    assert {path.name: path.read_bytes() for path in source.iterdir()} == kept
    git(checkout, "apply", "--whitespace=nowarn", str(patch))
    assert {path.name: path.read_bytes() for path in source.iterdir()} == edited


def test_a_rebuilt_run_names_the_commit_that_first_locked_the_model(checkout: Path) -> None:
    (checkout / "dvc.lock").write_text(f"md5: {dvc_digest(checkout / 'models' / 'cnn')}\n")
    git(checkout, "add", "dvc.lock")
    git(checkout, "commit", "-qm", "trained")
    trained = git(checkout, "rev-parse", "HEAD")
    git(checkout, "commit", "-qm", "later", "--allow-empty")
    (checkout / "params.yaml").write_text("a: 3\n")
    assert revision_of_output(checkout / "models" / "cnn") == Revision(commit=trained, dirty="false")


def test_the_commit_of_a_model_that_no_commit_locked_is_unknown(checkout: Path) -> None:
    assert revision_of_output(checkout / "models" / "cnn") == Revision(commit=UNKNOWN, dirty=UNKNOWN)


def test_outside_git_the_commit_is_unknown(tmp_path: Path) -> None:
    assert current_revision(tmp_path) == Revision(commit=UNKNOWN, dirty=UNKNOWN)


def test_without_git_the_commit_is_unknown(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert current_revision(checkout) == Revision(commit=UNKNOWN, dirty=UNKNOWN)
