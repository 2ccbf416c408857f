"""What a person sees in a terminal: log lines, progress bars and errors. The only place that sets handlers."""

import logging
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn, TypeVar

from rich.console import Console
from rich.logging import RichHandler
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from unmask.artifacts import without_temporary
from unmask.errors import UnmaskError
from unmask.text import escape_controls

Item = TypeVar("Item")

EXIT_ERROR = 1
EXIT_INTERRUPTED = 128 + signal.SIGINT
EXIT_TERMINATED = 128 + signal.SIGTERM
DEBUG = "--debug"
STANDARD_ERROR = 2

logger = logging.getLogger("unmask.console")


def start_logging(*, is_debug: bool = False) -> None:
    """Sends the log to standard error: rich in a terminal, plain lines elsewhere."""
    level = logging.DEBUG if is_debug else logging.INFO
    handler: logging.Handler
    if sys.stderr.isatty():
        handler = RichHandler(console=Console(stderr=True), show_path=False, log_time_format="%H:%M:%S")
        handler.setFormatter(logging.Formatter("%(message)s"))
    else:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    logger = logging.getLogger("unmask")
    logger.handlers[:] = [handler]
    logger.setLevel(level)
    logger.propagate = False


class Rate(ProgressColumn):
    """How many are done a second."""

    def __init__(self, unit: str) -> None:
        """Takes what is counted, in the plural."""
        super().__init__()
        self.unit = unit

    def render(self, task: Task) -> Text:
        """Writes it, once it can be known."""
        return Text(f"{task.speed:,.0f} {self.unit}/s" if task.speed else "")


def one(_: object) -> int:
    """Counts an item as one."""
    return 1


def progress(
    items: Iterable[Item], *, total: int | None, description: str, unit: str = "", size: Callable[[Item], int] = one
) -> Iterator[Item]:
    """Passes items through, drawing one progress bar while standard error is a terminal.

    Args:
        items: what is counted as it passes.
        total: how many there are; None where nobody knows.
        description: what is being done: "index".
        unit: what is counted, in the plural, to show how many a second; empty to leave that out.
        size: for how many an item counts.

    Yields:
        The items, unchanged.
    """
    columns: list[ProgressColumn] = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()]
    columns += [Rate(unit)] if unit else []
    columns.append(TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(description, total=total)
        for item in items:
            yield item
            bar.advance(task, size(item))


def show_table(header: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
    """Draws a table on standard error."""
    table = Table()
    for title in header:
        table.add_column(title, overflow="fold")  # a long name goes on in the next line, and none is cut
    for line in lines:
        table.add_row(*line)
    Console(stderr=True).print(table)


def fail(error: UnmaskError, *, status: int = EXIT_ERROR) -> NoReturn:
    """Shows an error as one message, which may name a stranger's files, and ends the process with a status."""
    lines = without_temporary(str(error)).split("\n")
    message = escape("\n".join(map(escape_controls, lines)))
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"[bold red]error:[/] {message}")
    sys.exit(status)


@contextmanager
def silent_start() -> Iterator[None]:
    """Keeps TensorFlow's start-up lines from the terminal: they are written before any setting of its log is read.

    Whatever the block writes to standard error is lost, so it holds imports and little else. `--debug` shows all.
    """
    if DEBUG in sys.argv:
        yield
        return
    sys.stderr.flush()
    terminal = os.dup(STANDARD_ERROR)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, STANDARD_ERROR)
    try:
        yield
    finally:
        os.dup2(terminal, STANDARD_ERROR)
        os.close(terminal)
        os.close(nowhere)


def run_stage(main: Callable[[], None]) -> None:
    """Runs a stage's main function: logging on, the project's errors shown as one line.

    Args:
        main: reads its own arguments; whatever it raises that is no `UnmaskError` is a defect and keeps its traceback.
    """
    start_logging(is_debug=DEBUG in sys.argv)
    # So that a stage which is told to stop clears its temporary files and ends its run like one that failed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(EXIT_TERMINATED))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow tells of the GPUs that a machine does not have
    try:
        main()
    except UnmaskError as error:
        if DEBUG in sys.argv:
            raise
        fail(error)
    except KeyboardInterrupt:
        if DEBUG in sys.argv:
            raise
        logger.warning("interrupted: the same command goes on from here")
        sys.exit(EXIT_INTERRUPTED)
