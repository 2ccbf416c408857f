"""The split's audit: what was planted in a set is found, and nothing else; the page shows it, whole and safe."""

import base64
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from unmask.config import Config, Limits
from unmask.data.audit.copies import describe_pairs
from unmask.data.audit.findings import FINE, STOP, WARNING
from unmask.data.audit.split_report import MAX_PAIRS, UPSTREAM_ADVICE, SplitAudit, audit_split, copy_section
from unmask.data.audit.views import VIEWS
from unmask.data.index import index_archive
from unmask.data.splits import split_records
from unmask.records import COPY_COLUMNS, Source

HOSTILE = "<script>alert(1)<"  # a member's name ends at a slash
FOLDERS = tuple(f"set/{split}/{label}" for split in ("train", "valid", "test") for label in ("real", "fake"))

Members = dict[str, bytes]
Links = tuple[tuple[str, str], ...]
Audit = Callable[..., SplitAudit]
ReadPage = Callable[[str], Any]


@pytest.fixture
def audit(make_archive: Callable[..., Path], parameters: Config, source: Source) -> Audit:
    """Indexes pictures, shares them out as their folders say, and audits that; `links` names pairs of near copies."""

    def audit_members(
        members: Members, *, links: Links = (), source: Source = source, images: int = 4000, **limits: Limits
    ) -> SplitAudit:
        archive = make_archive(members)
        section = replace(parameters.split, audit=replace(parameters.split.audit, images=images, **limits))
        config = replace(parameters, split=section, index=replace(parameters.index, workers=1))
        records = index_archive(archive, config.index).records
        pairs = pd.DataFrame([(*sorted(ends), "near", 7, 0.9) for ends in links], columns=list(COPY_COLUMNS))
        split = split_records(records, config.split, copies=pairs)
        return audit_split(split.records, pairs, archive=archive, source=source, config=config)

    return audit_members


@pytest.fixture
def few(make_image: Callable[..., bytes]) -> Members:
    """Three pictures of each class in each split: 18, too few to tell anything apart."""
    return pictures(make_image, per_folder=3)


@pytest.fixture
def many(make_image: Callable[..., bytes]) -> Members:
    """Forty pictures of each class in each split: 240, all made alike."""
    return pictures(make_image, per_folder=40)


def pictures(make_image: Callable[..., bytes], *, per_folder: int) -> Members:
    return {
        f"{folder}/{number:03d}.jpg": make_image(1000 * position + number, quality=80)
        for position, folder in enumerate(FOLDERS)
        for number in range(per_folder)
    }


def change(members: Members, where: str, *, add: int = 0, quality: int = 80) -> Members:
    """Brightens the pictures whose name has a text in it, and saves them anew."""
    changed = dict(members)
    for name in members:
        if where in name:
            image, buffer = Image.open(io.BytesIO(members[name])), io.BytesIO()
            image.point(lambda level: min(level + add, 255)).save(buffer, "JPEG", quality=quality)
            changed[name] = buffer.getvalue()
    return changed


def not_fine(audit: SplitAudit) -> set[str]:
    return {finding.name for finding in audit.findings if finding.verdict != FINE}


def test_of_a_set_made_alike_all_is_fine(audit: Audit, many: Members, read_page: ReadPage) -> None:
    found = audit(many)
    assert not_fine(found) == set()
    assert [finding.name for finding in found.findings] == [
        "duplicate_share",
        "crossing_share",
        "conflict_share",
        *(f"shortcut_auc: {view}" for view in VIEWS),
        *(f"drift_auc: train and {other}, {view}" for other in ("validation", "test") for view in VIEWS),
    ]
    assert read_page(found.page).verdicts == [FINE] * 15


def test_what_is_beyond_noise_is_held_against_each_limit(
    audit: Audit, make_image: Callable[..., bytes], parameters: Config
) -> None:
    found = audit(pictures(make_image, per_folder=10))
    tellings = [*found.summary["shortcuts"], *(one for names in found.summary["drift"].values() for one in names)]
    assert len(tellings) == 12
    assert [finding.value for finding in found.findings[3:]] == pytest.approx(
        [max(one["auc"] - 2 * one["standard_error"], 0.0) for one in tellings]
    )
    for finding in found.findings:
        assert finding.limits == getattr(parameters.split.audit, finding.name.partition(":")[0])


def test_a_class_saved_otherwise_is_a_shortcut_and_no_drift(audit: Audit, many: Members) -> None:
    saved = change(many, "/fake/", quality=79)
    assert not_fine(audit(change(saved, "/real/", quality=80))) == {"shortcut_auc: metadata"}


def test_a_test_split_of_another_brightness_drifts(audit: Audit, many: Members, read_page: ReadPage) -> None:
    found = audit(change(many, "/test/", add=60))
    warned = not_fine(found)
    assert "drift_auc: train and test, colour" in warned
    assert all(name.startswith("drift_auc: train and test, ") for name in warned)
    colour = next(one for one in found.summary["drift"]["train and test"] if one["view"] == "colour")
    assert colour["auc"] > 0.95
    page = read_page(found.page)
    assert page.verdicts[0] == WARNING
    assert "train and test: colour" in page.texts


@pytest.mark.parametrize("is_named", [True, False])
def test_the_archives_splits_are_blamed_for_drift_only_where_it_names_some(
    audit: Audit, make_image: Callable[..., bytes], is_named: bool
) -> None:
    members = pictures(make_image, per_folder=20)
    if not is_named:
        members = {f"{name.split('/')[2]}/{name.replace('/', '-')}": content for name, content in members.items()}
    advice = [finding.advice for finding in audit(members).findings if finding.name.startswith("drift_auc")]
    assert [UPSTREAM_ADVICE in text for text in advice] == [is_named] * 8


# A pair concerns two pictures of 18, one of which is a copy: 1/18 = 0.056, 2/18 = 0.111.
@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        (("train/real/000", "train/real/001"), {"duplicate_share": 1 / 18}),
        (("train/real/000", "test/real/000"), {"duplicate_share": 1 / 18, "crossing_share": 2 / 18}),
        (("train/real/000", "train/fake/000"), {"duplicate_share": 1 / 18, "conflict_share": 2 / 18}),
    ],
)
@pytest.mark.parametrize(
    ("limits", "verdict"),
    [(Limits(warn=0.12, stop=1.0), FINE), (Limits(warn=0.05, stop=1.0), WARNING), (Limits(warn=0.0, stop=0.05), STOP)],
)
def test_copies_are_held_against_their_limits(
    audit: Audit, few: Members, ends: tuple[str, str], expected: dict[str, float], limits: Limits, verdict: str
) -> None:
    names = ("duplicate_share", "crossing_share", "conflict_share")
    link = (f"set/{ends[0]}.jpg", f"set/{ends[1]}.jpg")
    found = audit(few, links=(link,), **dict.fromkeys(names, limits))
    assert {finding.name: finding.value for finding in found.findings} == pytest.approx(
        dict.fromkeys(names, 0.0) | expected
    )
    verdicts = {one["name"]: one["verdict"] for one in found.summary["findings"]}
    assert verdicts == dict.fromkeys(names, FINE) | dict.fromkeys(expected, verdict)


def test_too_few_images_are_not_told_apart(audit: Audit, few: Members, read_page: ReadPage) -> None:
    found = audit(few)
    assert found.summary["shortcuts"] == []
    assert found.summary["drift"] == {"train and validation": [], "train and test": []}
    assert read_page(found.page).texts.count("There are too few images, or too few groups of them, to say.") == 2


def test_as_many_of_each_split_are_looked_at_whatever_they_are_called(
    audit: Audit, many: Members, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = []
    monkeypatch.setattr(
        "unmask.data.audit.shortcuts.measure",
        lambda archive, members, **options: looked_at.append(members) or {view: np.zeros((99, 1)) for view in VIEWS},
    )
    monkeypatch.setattr("unmask.data.audit.shortcuts.tell_apart", lambda *arguments, **options: [])
    # A third of 100, rounded down, of the 80 that each split has.
    assert audit(many, images=100).summary["looked_at"] == 99
    turned = {f"{name[:-7]}{name[-7:-4][::-1]}.jpg": content for name, content in many.items()}
    audit(turned, images=100)
    before, after = looked_at
    assert before.str.split("/").str[1].value_counts().to_dict() == {"train": 33, "valid": 33, "test": 33}
    assert {many[name] for name in before} == {turned[name] for name in after}


def test_images_are_counted_by_split_and_class(audit: Audit, few: Members, read_page: ReadPage) -> None:
    members = {name: content for name, content in few.items() if name != "set/test/fake/002.jpg"}
    found = audit(members, links=(("set/train/real/000.jpg", "set/train/real/001.jpg"),))
    assert found.summary["images"] == {
        "train": {"real": 3, "fake": 3},
        "validation": {"real": 3, "fake": 3},
        "test": {"real": 3, "fake": 2},
    }
    rows = read_page(found.page).rows
    assert rows[:4] == [
        ["Split", "Images", "real", "fake", "Different pictures or groups"],
        ["train", "6", "3", "3", "5"],
        ["validation", "6", "3", "3", "6"],
        ["test", "5", "3", "2", "5"],
    ]
    assert [row[:2] for row in rows[4:7]] == [["Class", "Images"], ["real", "9"], ["fake", "8"]]
    assert rows[-2:] == [["Kind", "Pairs"], ["near", "1"]]
    assert found.summary["copies"]["by_classes"] == {"real and real": 1}


def test_both_pictures_of_a_pair_are_shown_side_by_side(audit: Audit, few: Members, read_page: ReadPage) -> None:
    conflict = ("set/train/fake/001.jpg", "set/train/real/001.jpg")
    crossing = ("set/test/real/002.jpg", "set/valid/real/002.jpg")
    page = read_page(audit(few, links=(crossing, conflict)).page)
    shown = page.pairs()
    assert [tuple(name for name, _ in pair) for pair in shown] == [conflict, crossing]
    for name, address in (side for pair in shown for side in pair):
        picture = Image.open(io.BytesIO(base64.b64decode(address.removeprefix("data:image/jpeg;base64,"))))
        original = Image.open(io.BytesIO(few[name]))
        difference = np.subtract(np.asarray(picture, dtype=int), np.asarray(original, dtype=int))
        # Saved twice; other pictures of these colours differ by 80 and more.
        assert np.abs(difference).mean() < 10
    assert "near: hashes 7 bits apart, pixels agree to 0.900" in page.texts
    # The archive has it in validation; it moved to test, where its copy is.
    assert "real, test (archive: validation)" in page.texts
    assert sum("alarming" in attributes.get("class", "") for _, attributes in page.elements) == 2


def test_copies_of_one_class_and_split_do_not_alarm(audit: Audit, few: Members, read_page: ReadPage) -> None:
    page = read_page(audit(few, links=(("set/test/real/001.jpg", "set/test/real/002.jpg"),)).page)
    assert len(page.pairs()) == 1
    assert not any("alarming" in attributes.get("class", "") for _, attributes in page.elements)


def test_a_page_without_copies_says_so(audit: Audit, few: Members, read_page: ReadPage) -> None:
    page = read_page(audit(few).page)
    assert "No two images show the same picture." in page.texts
    assert page.pairs() == []


def test_of_very_many_pairs_some_are_shown() -> None:
    names = [f"{number:03d}.jpg" for number in range(MAX_PAIRS + 2)]
    records = pd.DataFrame({"member": names, "label": 0, "upstream_split": "", "split": "train"})
    rows = [(names[0], name, "near", 7, 0.9) for name in names[1:]]
    asked: list[str] = []
    section = copy_section(
        describe_pairs(pd.DataFrame(rows, columns=list(COPY_COLUMNS)), records),
        lambda members: asked.extend(members) or {},
    )
    assert len(section.pairs) == MAX_PAIRS
    assert section.text.endswith("61 pairs; 60 are shown.")
    assert section.tables[0].rows == [["near", MAX_PAIRS + 1]]
    assert set(asked) == set(names[: MAX_PAIRS + 1])


def test_the_page_is_whole_and_no_name_becomes_markup(
    audit: Audit, few: Members, make_image: Callable[..., bytes], read_page: ReadPage, source: Source
) -> None:
    hostile = (f"set/train/real/{HOSTILE}/script>.jpg", 'set/train/real/x" onerror=alert(1) .jpg')
    named = replace(source, name=f"{HOSTILE}/script>", licence="<img src=//evil>")
    members = few | {name: make_image(seed) for seed, name in enumerate(hostile)}
    page = read_page(audit(members, links=(hostile,), source=named).page)
    assert not page.tags & {"script", "link", "iframe", "object", "embed"}
    assert page.fetched == []
    images = [attributes for tag, attributes in page.elements if tag == "img"]
    assert sorted(attributes["alt"] for attributes in images) == sorted(hostile)
    assert all(set(attributes) == {"src", "alt"} for attributes in images)
    assert all(attributes["src"].startswith("data:image/jpeg;base64,") for attributes in images)
    assert set(hostile) <= set(page.texts)


def test_the_same_set_has_the_same_audit_in_plain_json(audit: Audit, make_image: Callable[..., bytes]) -> None:
    members = pictures(make_image, per_folder=10)
    one, other = audit(members), audit(members)
    assert one == other
    assert json.loads(json.dumps(one.summary, allow_nan=False))["looked_at"] == 60
