import logging
import sys

import pytest

from unmask.console import fail, progress, run_stage, start_logging
from unmask.errors import ArchiveError


@pytest.fixture(autouse=True)
def keep_logging():
    """Gives the project's logger back as it was."""
    logger = logging.getLogger("unmask")
    before = logger.handlers[:], logger.level, logger.propagate
    yield
    logger.handlers[:], logger.level, logger.propagate = before


def raise_archive_error():
    raise ArchiveError("faces[1].zip is empty")


def test_an_error_is_one_message_and_exit_code_1(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["stage"])
    with pytest.raises(SystemExit) as ending:
        run_stage(raise_archive_error)
    assert ending.value.code == 1
    # Square brackets are text, not markup.
    assert capsys.readouterr().err == "error: faces[1].zip is empty\n"


def test_an_error_names_a_file_as_it_is_called_in_the_end(capsys):
    with pytest.raises(SystemExit):
        fail(ArchiveError("data/.raw.s3yupxtg.unfinished/raw/faces.zip is empty"))
    assert capsys.readouterr().err == "error: data/raw/faces.zip is empty\n"


def test_a_strangers_name_cannot_steer_the_terminal(capsys):
    with pytest.raises(SystemExit):
        fail(ArchiveError("\x1b[31m\u202efaces.zip is empty\nand so is \rthe other"))
    assert capsys.readouterr().err == "error: \\x1b[31m\\u202efaces.zip is empty\nand so is \\rthe other\n"


def interrupt():
    raise KeyboardInterrupt


def test_an_interruption_is_one_line_and_exit_code_130(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["stage"])
    with pytest.raises(SystemExit) as ending:
        run_stage(interrupt)
    assert ending.value.code == 130
    assert capsys.readouterr().err == "WARNING interrupted: the same command goes on from here\n"


def test_a_long_message_is_not_broken_into_lines(capsys):
    with pytest.raises(SystemExit):
        fail(ArchiveError("word " * 100 + "end"))
    assert capsys.readouterr().err.count("\n") == 1


def test_debug_keeps_the_traceback(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["stage", "--debug"])
    with pytest.raises(ArchiveError, match="is empty"):
        run_stage(raise_archive_error)


def test_a_defect_keeps_its_traceback(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["stage"])
    with pytest.raises(IndexError):
        run_stage([].pop)


def test_log_lines_go_to_standard_error_once(capsys):
    start_logging()
    start_logging()
    logging.getLogger("unmask.stages.index").info("index: %d records", 3)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "INFO index: 3 records\n")


@pytest.mark.parametrize(("is_debug", "shown"), [(False, ""), (True, "DEBUG detail\n")])
def test_details_are_shown_only_when_asked(capsys, is_debug, shown):
    start_logging(is_debug=is_debug)
    logging.getLogger("unmask").debug("detail")
    assert capsys.readouterr().err == shown


def test_progress_passes_everything_through_and_is_silent_without_a_terminal(capsys):
    assert list(progress(iter(range(5)), total=5, description="index")) == [0, 1, 2, 3, 4]
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")
