"""How a command ends whose status 1 is an answer, and no error."""

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper

from unmask.console import DEBUG, fail
from unmask.errors import UnmaskError


@contextmanager
def errors_end_with(status: int) -> Iterator[None]:
    """Ends the process with a status after any error.

    An error of the project is one message; a defect keeps its traceback, as in `run_stage`, and with --debug so do all.
    """
    try:
        yield
    except BrokenPipeError:  # whoever read the output, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(status)
    except Exception as error:  # noqa: BLE001 - Python itself would end with 1, whatever it is
        if isinstance(error, UnmaskError) and DEBUG not in sys.argv:
            fail(error, status=status)
        traceback.print_exc()
        sys.exit(status)


def escape_unknown_characters() -> None:
    """Lets standard output escape what its encoding lacks, where it would fail: a file's name may be any bytes."""
    if isinstance(sys.stdout, TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")
