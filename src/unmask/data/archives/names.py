"""What the members of an archive may be called.

Nothing is ever unpacked, so no name becomes a path on disk; but names go into tables, messages and pages, and others
may unpack the same archive. So a name that climbs out of a folder, or that can change what a terminal or a table
shows, is refused, and its record rejected. Names that differ only in case are different names.
"""

import re

from unmask.text import escape_controls, has_controls

MAX_NAME_LENGTH = 1000  # characters
SHOWN_LENGTH = 60  # of each end of a name that is too long to show

MACOS, THUMBNAILS, WINDOWS = LEFT_BEHIND = ("__macosx", "thumbs.db", "desktop.ini")
DRIVE = re.compile(r"[A-Za-z]:")


def is_left_behind(name: str) -> bool:
    """Whether an operating system left a file of this name behind: `__MACOSX`, `.DS_Store`, `Thumbs.db`."""
    lowered = name.lower()
    is_dotted = "/." in lowered or lowered.startswith(".")
    if not (is_dotted or MACOS in lowered or THUMBNAILS in lowered or WINDOWS in lowered):
        return False  # so most names are told off three times as fast
    parts = lowered.split("/")
    return any((part.startswith(".") and part not in (".", "..")) or part in LEFT_BEHIND for part in parts)


def name_problem(name: str) -> str:
    """Says why a member cannot have this name.

    Args:
        name: as the archive has it.

    Returns:
        The reason, or nothing where there is none.
    """
    if len(name) > MAX_NAME_LENGTH:
        return f"its name is longer than the {MAX_NAME_LENGTH} characters allowed: {len(name)}"
    if has_controls(name):
        return "its name holds control characters"
    if "\\" in name:
        return "its name holds a backslash: folders are told apart by /"
    if name.startswith("/") or DRIVE.match(name):
        return "its name is an absolute path"
    if ".." in name and ".." in name.split("/"):
        return "its name climbs out of its folder"
    return ""


def shown(text: str) -> str:
    """Writes a text so that it can be printed, whatever it holds: on one line, escaped, and not too long."""
    if len(text) > MAX_NAME_LENGTH:
        text = f"{text[:SHOWN_LENGTH]}...{text[-SHOWN_LENGTH:]}"
    return escape_controls(text)
