"""The audit's page: whole in itself, and safe whatever an archive's members are called."""

from collections.abc import Callable
from typing import Any

from unmask.config import Limits
from unmask.data.audit.findings import Finding
from unmask.data.audit.page import Bar, Page, Pair, Section, Side, Table, render

ReadPage = Callable[[str], Any]

HOSTILE = "<script>alert('x')</script>"


def whole_page(text: str) -> str:
    finding = Finding("name", 0.9, Limits(warn=0.5, stop=0.95), text, text)
    fine = Finding("name", 0.1, Limits(warn=0.5, stop=0.95), "all is well", text)
    side = Side(name=text, about=text, picture="data:image/jpeg;base64,AAAA")
    section = Section(
        title=text,
        text=text,
        tables=[Table([text, "images"], [[text, 1234567]], caption=text)],
        bars=[Bar(label=text, value=0.75, error=0.01, limit=0.6, note=text)],
        pairs=[Pair(left=side, right=Side(text, text, ""), about=text, is_alarming=True)],
    )
    return render(Page(title=text, source=text, findings=[fine, finding], sections=[section]))


def test_no_name_becomes_markup(read_page: ReadPage) -> None:
    page = whole_page(HOSTILE)
    assert "script" not in read_page(page).tags
    assert HOSTILE not in page


def test_nothing_is_fetched_from_elsewhere(read_page: ReadPage) -> None:
    page = read_page(whole_page("name"))
    assert page.fetched == []
    assert not page.tags & {"script", "link", "iframe", "object", "embed"}


def test_the_worst_finding_comes_first(read_page: ReadPage) -> None:
    assert read_page(whole_page("name")).verdicts == ["warning", "fine"]


def test_a_bar_reaches_from_chance_to_certainty() -> None:
    # Half way between 0.5 and 1; its limit at a fifth.
    page = whole_page("name")
    assert "width: 50.0%" in page
    assert "left: 20.0%" in page


def test_numbers_are_grouped_by_thousands() -> None:
    assert ">1,234,567<" in whole_page("name")
