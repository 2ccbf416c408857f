"""The clone that benchmarks run the pipeline in."""

import subprocess
from pathlib import Path

import pytest
from benchmarks import workspace


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    git(folder, "init", "--quiet")
    commit(folder, lock="of the checkout", code="one")
    return folder


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path, *, lock: str, code: str) -> str:
    (folder / "dvc.lock").write_text(lock)
    (folder / "code.py").write_text(code)
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", code)
    return git(folder, "rev-parse", "HEAD")


def test_clone_follows_the_checkout_and_keeps_its_own_lock(checkout: Path, tmp_path: Path) -> None:
    prepare, clone = workspace.prepare, tmp_path / "clone"
    prepare(clone, checkout=checkout)
    assert (clone / "dvc.lock").read_text() == "of the checkout"
    (clone / "dvc.lock").write_text("of the clone")
    (clone / "code.py").write_text("edited")
    newer = commit(checkout, lock="newer", code="two")
    assert prepare(clone, checkout=checkout) == newer
    assert (clone / "code.py").read_text() == "two"
    assert (clone / "dvc.lock").read_text() == "of the clone"


def test_uncommitted_changes_are_left_out(checkout: Path, tmp_path: Path) -> None:
    (checkout / "code.py").write_text("edited")
    workspace.prepare(tmp_path / "clone", checkout=checkout)
    assert (tmp_path / "clone" / "code.py").read_text() == "one"
