"""The split's audit: who is where, what is double, what gives the classes away, and whether the splits are alike."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from unmask.config import AuditConfig, Config, Limits
from unmask.data.audit import copies, shortcuts
from unmask.data.audit.counts import summarize_classes
from unmask.data.audit.findings import Finding
from unmask.data.audit.index_report import class_section, describe_source
from unmask.data.audit.page import Bar, Page, Pair, Section, Side, Table, render
from unmask.data.audit.previews import make_previews
from unmask.data.audit.shortcuts import Measured, Telling
from unmask.data.audit.views import VIEWS
from unmask.data.splits import lottery
from unmask.records import LABEL_NAMES, SPLITS, TEST, TRAIN, VALIDATION, Source

MAX_PAIRS = 60  # shown; copies.csv names all
DRIFTS = ((TRAIN, VALIDATION), (TRAIN, TEST))
SHORTCUT_TEXT = (
    "How well simple models tell real from fake when they see only this, never a face. 0.5 is chance; the dashed line "
    "is the limit; ± is the standard error over up to five folds, copies and groups kept in one. A finding is what "
    "lies above the limit by more than twice that."
)
DRIFT_TEXT = (
    "How well the same models tell one split from another. Splits of one kind of picture cannot be told apart: 0.5."
)
DRIFT_ADVICE = "The splits hold different kinds of pictures, so that what is measured on one says less about the other."
UPSTREAM_ADVICE = " Set split.keep_upstream to false to share the images out anew, unless the difference is meant."
TOO_FEW_TEXT = "There are too few images, or too few groups of them, to say."
COPY_TEXT = (
    "Pictures of equal bytes, and pictures whose perceptual hashes are close and whose pixels, laid over each other, "
    "agree. Those of two classes or of two of the archive's splits come first."
)

Previews = Callable[[Iterable[str]], dict[str, str]]


@dataclass(frozen=True)
class SplitAudit:
    """What the audit of the splits found.

    Attributes:
        summary: for `audit.json`.
        findings: held against the limits.
        page: for `audit.html`.
    """

    summary: dict[str, Any]
    findings: list[Finding]
    page: str


def audit_split(
    records: pd.DataFrame, pairs: pd.DataFrame, *, archive: Path, source: Source, config: Config
) -> SplitAudit:
    """Audits records that were shared out.

    Args:
        records: `records.RECORD_COLUMNS` and columns split and component.
        pairs: the copies: columns left, right, kind, distance_bits and similarity.
        archive: the zip that holds the members.
        source: where it came from.
        config: the limits, how many images are looked at, and how.

    Returns:
        The audit.
    """
    section, max_pixels = config.split.audit, config.index.max_pixels
    described = copies.describe_pairs(pairs, records)
    looked_at = choose_images(records, section)
    measured = shortcuts.measure(archive, looked_at["member"], max_pixels=max_pixels, workers=config.index.workers)
    telling = tell_classes(measured, looked_at, seed=section.seed)
    drifts = {
        f"{one} and {other}": tell_splits(measured, looked_at, (one, other), section.seed) for one, other in DRIFTS
    }
    findings = [
        *copies.findings(described, len(records), section),
        *(shortcut_finding(one, section.shortcut_auc) for one in telling),
        *drift_findings(drifts, section.drift_auc, has_upstream=bool((records["upstream_split"] != "").any())),
    ]
    summary = {
        "images": {split: count_classes(records[records["split"] == split]) for split in SPLITS},
        "copies": copies.count_pairs(described),
        "looked_at": len(looked_at),
        "shortcuts": [asdict(one) for one in telling],
        "drift": {names: [asdict(one) for one in found] for names, found in drifts.items()},
        "findings": [finding.summary() for finding in findings],
    }
    sections = [
        split_section(records),
        class_section(summarize_classes(records)),
        bar_section("Shortcuts: what gives the classes away", SHORTCUT_TEXT, {"": telling}, section.shortcut_auc),
        bar_section("Drift: are the splits alike?", DRIFT_TEXT, drifts, section.drift_auc),
        copy_section(described, lambda members: make_previews(archive, members, max_pixels=max_pixels)),
    ]
    page = Page("Audit of the data and its splits", describe_source(source), findings, sections)
    return SplitAudit(summary=summary, findings=findings, page=render(page))


def choose_images(records: pd.DataFrame, config: AuditConfig) -> pd.DataFrame:
    """Chooses the images to look at: as many from each split, by a hash of their content and the seed."""
    drawn = records.assign(place=lottery(records["sha256"], seed=config.seed)).sort_values(["place", "member"])
    chosen = drawn.groupby("split", sort=False).head(config.images // len(SPLITS))
    return chosen.sort_values("member", ignore_index=True)


def tell_classes(measured: Measured, records: pd.DataFrame, *, seed: int) -> list[Telling]:
    """Lets the simple models tell real from fake."""
    truth, groups = records["label"].to_numpy(np.int64), records["component"].to_numpy(np.int64)
    return shortcuts.tell_apart(measured, truth, groups=groups, seed=seed)


def tell_splits(measured: Measured, records: pd.DataFrame, splits: tuple[str, str], seed: int) -> list[Telling]:
    """Lets the simple models tell one split from another."""
    chosen = records["split"].isin(splits).to_numpy()
    truth = np.array(records["split"][chosen] == splits[1], dtype=np.int64)
    groups = records["component"].to_numpy(np.int64)[chosen]
    return shortcuts.tell_apart(
        {view: rows[chosen] for view, rows in measured.items()}, truth, groups=groups, seed=seed
    )


def shortcut_finding(telling: Telling, limits: Limits) -> Finding:
    """Holds a view's power to tell the classes apart against its limit."""
    view = VIEWS[telling.view]
    return Finding(
        name=f"shortcut_auc: {telling.view}",
        value=telling.beyond_noise,
        limits=limits,
        statement=f"A simple model tells real from fake with AUC {telling.auc:.3f} from {view.meaning}.",
        advice=view.advice,
    )


def drift_findings(drifts: dict[str, list[Telling]], limits: Limits, *, has_upstream: bool) -> list[Finding]:
    """Holds the views' power to tell splits apart against its limit."""
    return [
        Finding(
            name=f"drift_auc: {names}, {one.view}",
            value=one.beyond_noise,
            limits=limits,
            statement=f"A simple model tells {names} apart with AUC {one.auc:.3f} from {VIEWS[one.view].meaning}.",
            advice=DRIFT_ADVICE + (UPSTREAM_ADVICE if has_upstream else ""),
        )
        for names, found in drifts.items()
        for one in found
    ]


def count_classes(records: pd.DataFrame) -> dict[str, int]:
    """Counts the images of each class."""
    return {name: int((records["label"] == label).sum()) for label, name in LABEL_NAMES.items()}


def split_section(records: pd.DataFrame) -> Section:
    """Shows how many images of each class each split holds."""
    rows: list[list[str | int]] = []
    for split in SPLITS:
        held = records[records["split"] == split]
        rows.append([split, len(held), *count_classes(held).values(), int(held["component"].nunique())])
    header = ["Split", "Images", *LABEL_NAMES.values(), "Different pictures or groups"]
    return Section(title="Splits", text="What is learnt from, chosen by, and judged by.", tables=[Table(header, rows)])


def bar_section(title: str, text: str, tellings: dict[str, list[Telling]], limits: Limits) -> Section:
    """Shows AUCs as bars."""
    bars = [
        Bar(
            label=f"{names}: {one.view}" if names else one.view,
            value=one.auc,
            error=one.standard_error,
            limit=limits.warn,
            note="most telling alone: " + ", ".join(f"{name} ({auc:.2f})" for name, auc in one.features),
        )
        for names, found in tellings.items()
        for one in found
    ]
    return Section(title=title, text=text if bars else TOO_FEW_TEXT, bars=bars)


def copy_section(pairs: pd.DataFrame, make_pictures: Previews) -> Section:
    """Shows pairs of copies as one can look at them."""
    if pairs.empty:
        return Section(title="Copies", text="No two images show the same picture.")
    shown = pairs.head(MAX_PAIRS)
    pictures = make_pictures([*shown["left"], *shown["right"]])
    text = (
        f"{COPY_TEXT} {len(pairs)} pairs; " + ("all are" if len(pairs) <= MAX_PAIRS else f"{MAX_PAIRS} are") + " shown."
    )
    rows = [[name, number] for name, number in copies.count_pairs(pairs)["by_kind"].items()]
    return Section(
        title="Copies",
        text=text,
        tables=[Table(["Kind", "Pairs"], rows)],
        pairs=[show_pair(pair, pictures) for pair in shown.to_dict("records")],
    )


def show_pair(pair: dict[Any, Any], pictures: dict[str, str]) -> Pair:
    """Lays one pair out."""
    sides = []
    for side in ("left", "right"):
        name, upstream = pair[side], pair[f"{side}_upstream_split"]
        about: Sequence[str] = [LABEL_NAMES[pair[f"{side}_label"]], pair[f"{side}_split"]]
        moved = f" (archive: {upstream})" if upstream and upstream != pair[f"{side}_split"] else ""
        sides.append(Side(name=name, about=", ".join(about) + moved, picture=pictures.get(name, "")))
    return Pair(
        left=sides[0],
        right=sides[1],
        about=f"{pair['kind']}: hashes {pair['distance_bits']} bits apart, pixels agree to {pair['similarity']:.3f}",
        is_alarming=bool(pair["is_conflict"] or pair["is_crossing"]),
    )
