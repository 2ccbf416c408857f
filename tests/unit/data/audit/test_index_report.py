"""The index's page: what was counted, class by class, and what was rejected and why."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from unmask.config import IndexConfig
from unmask.data.audit.index_report import (
    MAX_REJECTS,
    MAX_ROWS,
    describe_source,
    index_page,
    reject_finding,
    reject_section,
    side_by_side,
)
from unmask.data.index import index_archive
from unmask.records import REJECT_COLUMNS, Source

CONFIG = IndexConfig(workers=1, max_pixels=100_000, max_reject_share=0.5)
HOSTILE = "<script>alert(1)<"  # a member's name ends at a slash

MakePage = Callable[..., Any]


@pytest.fixture
def make_page(make_archive: Callable[..., Path], read_page: Callable[[str], Any], source: Source) -> MakePage:
    """Indexes an archive and reads its page."""

    def make(members: dict[str, bytes], *, max_reject_share: float = 0.5, source: Source = source) -> Any:
        index = index_archive(make_archive(members), CONFIG)
        config = replace(CONFIG, max_reject_share=max_reject_share)
        return read_page(index_page(index.audit, index.rejects, source=source, config=config))

    return make


@pytest.fixture
def faces(make_image: Callable[..., bytes]) -> dict[str, bytes]:
    """Three real pictures, two of them wide, and two fake ones, one of which is a PNG."""
    return {
        "set/train/real/a.jpg": make_image(1, size=(60, 40)),
        "set/train/real/b.jpg": make_image(2, size=(60, 40)),
        "set/test/real/c.jpg": make_image(3),
        "set/train/fake/d.jpg": make_image(4, quality=90),
        "set/test/fake/e.png": make_image(5, format="PNG"),
    }


def test_classes_are_counted_side_by_side(make_page: MakePage, faces: dict[str, bytes]) -> None:
    mean_bytes = {
        label: round(sum(len(content) for name, content in faces.items() if label in name) / number)
        for label, number in (("real", 3), ("fake", 2))
    }
    assert make_page(faces).rows == [
        ["Class", "Images", "Mean bytes"],
        ["real", "3", f"{mean_bytes['real']:,}"],
        ["fake", "2", f"{mean_bytes['fake']:,}"],
        ["Format", "real", "fake"],
        ["JPEG", "3", "1"],
        ["PNG", "0", "1"],
        ["Pixels", "real", "fake"],
        ["48x48", "1", "2"],
        ["60x40", "2", "0"],
        ["Colour mode", "real", "fake"],
        ["RGB", "3", "2"],
        ["JPEG quality", "real", "fake"],
        ["75", "3", "0"],
        ["90", "0", "1"],
        ["Archive's own split", "real", "fake"],
        ["train", "2", "1"],
        ["test", "1", "1"],
    ]


def test_an_index_without_rejects_is_fine(make_page: MakePage, faces: dict[str, bytes]) -> None:
    page = make_page(faces, max_reject_share=0.0)
    assert page.verdicts == ["fine"]
    assert "0 of 5 images cannot be used." in page.texts
    assert "Every image can be used." in page.texts


@pytest.mark.parametrize(("max_reject_share", "verdict"), [(0.5, "warning"), (2 / 7, "warning"), (0.28, "stop")])
def test_rejects_warn_and_stop_above_their_limit(
    make_page: MakePage, faces: dict[str, bytes], max_reject_share: float, verdict: str
) -> None:
    # 2 of 7 images are 0.286.
    bad = {"set/train/real/x.jpg": b"x", "set/train/fake/y.jpg": b"y"}
    page = make_page(faces | bad, max_reject_share=max_reject_share)
    assert page.verdicts == [verdict]
    assert "2 of 7 images cannot be used." in page.texts


def test_rejects_are_named_and_counted_by_reason(make_page: MakePage, faces: dict[str, bytes]) -> None:
    cut = faces["set/train/real/a.jpg"][:300]
    page = make_page(faces | {"set/train/real/x.jpg": b"x", "set/train/fake/y.jpg": b"y", "set/train/real/z.jpg": cut})
    reasons, named = (page.rows.index(header) for header in (["Reason", "Images"], ["Image", "Reason"]))
    counted = page.rows[reasons + 1 : named]
    assert [number for _, number in counted] == ["2", "1"]
    assert [name.rsplit("/")[-1] for name, _ in page.rows[named + 1 :]] == ["y.jpg", "x.jpg", "z.jpg"]
    assert [reason for _, reason in page.rows[named + 1 :]] == [counted[0][0], counted[0][0], counted[1][0]]


def test_no_name_or_source_becomes_markup(make_page: MakePage, faces: dict[str, bytes], source: Source) -> None:
    bad = {f"set/train/real/{HOSTILE}/script>.jpg": b"x", 'set/train/real/x" onload=alert(1) .jpg': b"y"}
    page = make_page(faces | bad, source=replace(source, name=f"{HOSTILE}/script>", licence="<img src=//evil>"))
    assert not page.tags & {"script", "img"}
    assert page.fetched == []
    shown = [name for name, *_ in page.rows]
    assert all(name in shown for name in bad)


def test_the_source_is_described_in_a_line(source: Source) -> None:
    expected = "someone/faces version 3, 1,234,567 bytes, sha256 0123456789abcdef…, licence: CC BY 4.0"
    assert describe_source(source) == expected
    assert describe_source(replace(source, version="")).startswith("someone/faces, 1,234,567 bytes")


def test_the_most_frequent_of_many_values_come_first() -> None:
    # Of thirteen sizes, 13x13 is in both classes and the others in one.
    sizes = {f"{side}x{side}": 1 for side in range(10, 23)}
    table = side_by_side("Pixels", "sizes", {"real": {"sizes": sizes}, "fake": {"sizes": {"13x13": 4}}})
    assert table.rows[:3] == [["13x13", 1, 4], ["10x10", 1, 0], ["11x11", 1, 0]]
    assert len(table.rows) == MAX_ROWS
    assert table.caption == "the most frequent 12 of 13"


@pytest.mark.parametrize(("number", "caption"), [(MAX_REJECTS, ""), (MAX_REJECTS + 1, "the first 200; rejects.csv")])
def test_very_many_rejects_are_not_all_named(number: int, caption: str) -> None:
    rejects = pd.DataFrame([(f"{name:04d}.jpg", "bad") for name in range(number)], columns=list(REJECT_COLUMNS))
    counts, named = reject_section({"reject_reasons": {"bad": number}}, rejects).tables
    assert counts.rows == [["bad", number]]
    assert len(named.rows) == MAX_REJECTS
    assert named.caption[: len(caption)] == caption
    assert bool(named.caption) == bool(caption)


def test_an_empty_index_has_no_share_of_rejects() -> None:
    assert reject_finding({"images": 0, "rejects": 0}, CONFIG).value == 0.0
