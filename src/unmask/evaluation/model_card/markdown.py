"""Markdown whose texts stay texts, whatever a set or a member of an archive is called."""

import re
from collections.abc import Iterable, Mapping

from unmask.data.audit.page import Table, cell

MARKUP = re.compile(r"([\\`*_~\[\]<>|&])")  # what can begin markup within a line
SPACE = re.compile(r"\s+")


def plain(text: str) -> str:
    """Escapes a text from elsewhere, and brings it onto one line."""
    return MARKUP.sub(r"\\\1", SPACE.sub(" ", text).strip())


def code(text: str) -> str:
    """Sets a text of this project's own making, such as a hash or a command, as code."""
    return f"`{text}`"


def bullets(lines: Iterable[str]) -> str:
    """Writes a list."""
    return "\n".join(f"- {line}" for line in lines)


def facts(named: Mapping[str, str]) -> str:
    """Writes a list of names and what they are."""
    return bullets(f"{name}: {text}" for name, text in named.items())


def table_lines(table: Table) -> str:
    """Writes a table; columns of numbers are set to the right."""
    rules = ["--:" if table.rows and not isinstance(value, str) else "---" for value in first_row(table)]
    lines = [[plain(name) for name in table.header], rules]
    lines += [[plain(cell(value)) for value in row] for row in table.rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def first_row(table: Table) -> list[str | int | float]:
    """Gives the first row, or the header where there is none."""
    return list(table.rows[0] if table.rows else table.header)


def section(title: str, *parts: str) -> str:
    """Writes a section; empty parts are left out."""
    return "\n\n".join([f"## {title}", *(part for part in parts if part)])


def subsection(title: str, *parts: str) -> str:
    """Writes a part of a section; nothing where its parts are all empty."""
    said = [part for part in parts if part]
    return "\n\n".join([f"### {title}", *said]) if said else ""
