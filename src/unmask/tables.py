"""Choosing an entry of a named table, with an error that lists what there is."""

from collections.abc import Mapping
from typing import TypeVar

from unmask.errors import ConfigError

Entry = TypeVar("Entry")


def choose(table: Mapping[str, Entry], name: str, *, kind: str) -> Entry:
    """Looks a name up.

    Args:
        table: what can be chosen.
        name: what was asked for.
        kind: what the entries are, for the error: "model", "loss".

    Returns:
        The table's entry.

    Raises:
        ConfigError: the table has no such name.
    """
    try:
        return table[name]
    except KeyError:
        raise ConfigError(f"unknown {kind} {name!r}; there are: {', '.join(sorted(table))}") from None
