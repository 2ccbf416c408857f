import sys

import pytest

from unmask.cli.endings import errors_end_with
from unmask.errors import ArchiveError


@pytest.mark.parametrize(
    ("error", "said"),
    [(ArchiveError("it is empty"), "error: it is empty\n"), (KeyError("absent"), "KeyError: 'absent'")],
)
def test_any_error_ends_with_the_status_that_is_no_answer(error, said, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["unmask"])
    with pytest.raises(SystemExit) as ending, errors_end_with(2):
        raise error
    assert ending.value.code == 2
    assert said in capsys.readouterr().err


def test_debug_shows_the_traceback_and_keeps_the_status(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["unmask", "--debug"])
    with pytest.raises(SystemExit) as ending, errors_end_with(2):
        raise ArchiveError("it is empty")
    assert ending.value.code == 2
    assert "Traceback" in capsys.readouterr().err
