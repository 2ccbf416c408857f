"""Characters that change what a terminal or a table shows."""

import re

# Control characters, line ends, marks that turn the direction of reading, and halves of characters.
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def has_controls(text: str) -> bool:
    """Whether a text holds such characters."""
    return not text.isprintable() and CONTROLS.search(text) is not None


def escape_controls(text: str) -> str:
    """Escapes them: a line end becomes a backslash and an n."""
    if not has_controls(text):
        return text
    return CONTROLS.sub(lambda found: found[0].encode("unicode_escape", "surrogatepass").decode("ascii"), text)
