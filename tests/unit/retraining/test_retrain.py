"""What stops a retraining before anything is decided, and what DVC's words must not show."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from unmask import config
from unmask.environment import Environment
from unmask.errors import RetrainingError, StorageError
from unmask.retraining import dvc
from unmask.retraining.retrain import Wish, push, retrain

ROOT = Path(__file__).parents[3]
WISH = Wish(against="HEAD", report=Path("report.md"), is_promoting=True, is_committing=True, push="", why="")


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=ada", "-c", "user.email=ada@example.org")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "params.yaml").write_text("a: [")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "broken")
    (folder / "params.yaml").write_text("a: 1")
    git(folder, "commit", "-qam", "mended")
    return folder


def attempt(folder: Path, wish: Wish) -> None:
    surroundings = Environment(root=folder, experiment="", tracking_uri="", real_data=None, machine="bench")
    retrain(folder, wish=wish, parameters=config.load(ROOT / "params.yaml"), environment=surroundings)


def test_what_cannot_be_compared_with_or_reported_stops_it_at_the_start(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dvc, "run", lambda *_: pytest.fail("it went on"))
    with pytest.raises(RetrainingError, match="git knows no 'nowhere'"):
        attempt(checkout, replace(WISH, against="nowhere"))
    with pytest.raises(RetrainingError, match=r"params\.yaml of .* cannot be read"):
        attempt(checkout, replace(WISH, against="HEAD~1"))
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="a file is in its way"):
        attempt(checkout, replace(WISH, report=tmp_path / "file" / "report.md"))


def test_a_branch_that_went_on_meanwhile_stops_it_before_a_decision(checkout: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "remote.git")
    git(checkout, "remote", "add", "origin", str(tmp_path / "remote.git"))
    push(checkout, "main")
    git(checkout, "commit", "-q", "--amend", "-m", "another")
    with pytest.raises(RetrainingError, match="git does not push to main"):
        push(checkout, "main")


def test_dvcs_words_are_shown_without_a_remotes_password(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = checkout / "says.py"
    script.write_text("import sys\nprint('http://ada:planted-token@example.org/x')\nsys.exit(1)\n")
    monkeypatch.setattr(dvc, "DVC", (sys.executable, str(script)))
    with pytest.raises(RetrainingError) as caught:
        dvc.run(checkout, "push")
    assert "http://***@example.org" in str(caught.value)
    assert "planted-token" not in str(caught.value) + capsys.readouterr().err
