"""A card's Markdown as HTML, by a library; raw HTML in it stays text, and nothing is loaded from elsewhere."""

from markdown_it import MarkdownIt


def to_html(markdown: str) -> str:
    """Renders Markdown with tables.

    Args:
        markdown: CommonMark with tables.

    Returns:
        HTML without images and without any tag of the text's own; each table in a box that scrolls.
    """
    reader = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    reader.add_render_rule("table_open", open_table)
    reader.add_render_rule("table_close", close_table)
    return str(reader.render(markdown))


def open_table(*_: object) -> str:
    """Begins a table in its box."""
    return '<div class="scroll">\n<table>\n'


def close_table(*_: object) -> str:
    """Ends a table and its box."""
    return "</table>\n</div>\n"
