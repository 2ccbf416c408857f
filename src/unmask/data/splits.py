"""Sharing records out between train, validation and test, so that no picture is learnt from and judged by.

Images that belong together (copies, near copies, one group) form a component, and a component lies in one split.

- A component of which the archive names a split keeps it. Where the archive puts parts of one component in different
  splits, all of it goes to test if any part was in test, else to validation: no image that judges is ever lost or
  learnt from, and what moves is counted and logged.
- Where the archive names some splits but no validation (or no test), that split is taken out of its train images.
- Other components are shared out at random from the seed, largest first, so that shares and class balance are met to
  within a component's size.

Only the set of pictures and the seed decide: neither their order nor their names do.
"""

import logging
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from unmask.artifacts import sha256_of_text
from unmask.config import SplitConfig
from unmask.data.components import Positions, join_copies, join_groups
from unmask.errors import SplitError
from unmask.records import LABEL_NAMES, SPLIT_COLUMNS, SPLITS, TEST, TRAIN, VALIDATION

FREE = ""  # not named by the archive
PRECEDENCE = (FREE, TRAIN, VALIDATION, TEST)  # a component goes to the last of these that holds a part of it

Assignment = npt.NDArray[np.str_]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Split:
    """Records shared out.

    Attributes:
        tables: split name to its records, `records.SPLIT_COLUMNS`, sorted by member.
        records: all of them, sorted by member, with columns split, and component: what belongs together.
        summary: counts, ready for JSON.
    """

    tables: dict[str, pd.DataFrame]
    records: pd.DataFrame
    summary: dict[str, Any]


def split_records(records: pd.DataFrame, config: SplitConfig, *, copies: pd.DataFrame) -> Split:
    """Shares records out.

    Args:
        records: `records.RECORD_COLUMNS`, in any order.
        config: the shares and the seed.
        copies: pairs that show the same picture, `records.COPY_COLUMNS`.

    Returns:
        One table for each of `records.SPLITS`.

    Raises:
        SplitError: the shares leave nothing to train on, or a split gets no image of a class.
    """
    if config.validation_share + config.test_share >= 1:
        raise SplitError(
            f"split.validation_share {config.validation_share:g} and split.test_share {config.test_share:g} leave "
            "nothing to train on: their sum must be below 1"
        )
    records = records.sort_values("member", ignore_index=True)
    same_picture = join_copies(records, copies)
    components = join_groups(same_picture, records["group"])
    upstream = records["upstream_split"] if config.keep_upstream else pd.Series(FREE, index=records.index)
    kept = upstream_assignment(upstream, components)
    free = np.where(kept == TRAIN, FREE, kept) if lacks_evaluation(kept) else kept
    shares = free_shares(kept, config)
    assignment = share_out(records, components, free, shares=shares, seed=config.seed)
    tables = {name: records.loc[assignment == name, list(SPLIT_COLUMNS)].reset_index(drop=True) for name in SPLITS}
    require_classes(tables)
    moved = count_moved(upstream, kept)
    summary = {"moved": moved, **summarize(records, same_picture, components, assignment)}
    return Split(tables=tables, records=records.assign(split=assignment, component=components), summary=summary)


def upstream_assignment(upstream: pd.Series, components: Positions) -> Assignment:
    """Gives each component the split that the archive names for it.

    Args:
        upstream: each record's upstream split, or `FREE`.
        components: (records,).

    Returns:
        assignment: (records,), a split, or `FREE`.
    """
    ranks = upstream.map({name: rank for rank, name in enumerate(PRECEDENCE)}).to_numpy(dtype=np.int64)
    highest = np.zeros(components.max(initial=-1) + 1, dtype=np.int64)
    np.maximum.at(highest, components, ranks)
    return np.array(PRECEDENCE)[highest[components]]


def count_moved(upstream: pd.Series, kept: Assignment) -> dict[str, int]:
    """Counts and logs the records whose component goes to another split than the archive names for them."""
    is_moved = ((upstream != FREE) & (upstream != kept)).to_numpy()
    moves = Counter(f"{before} to {after}" for before, after in zip(upstream[is_moved], kept[is_moved], strict=True))
    if moves:
        logger.warning("moved out of the archive's split, to be with what they belong to: %s", dict(moves))
    return dict(sorted(moves.items()))


def lacks_evaluation(assignment: Assignment) -> bool:
    """Whether the archive names a split, but not all of them."""
    named = set(np.unique(assignment)) - {FREE}
    return bool(named) and named != set(SPLITS)


def free_shares(assignment: Assignment, config: SplitConfig) -> dict[str, float]:
    """Says how free records are shared out: to all splits, or only to train and those the archive does not name."""
    shares = {VALIDATION: config.validation_share, TEST: config.test_share}
    if lacks_evaluation(assignment):
        named = set(np.unique(assignment))
        shares = {name: share for name, share in shares.items() if name not in named}
    return {TRAIN: 1 - sum(shares.values()), **shares}


def share_out(
    records: pd.DataFrame, components: Positions, assignment: Assignment, *, shares: dict[str, float], seed: int
) -> Assignment:
    """Shares the free components out, each class by itself as far as components allow.

    Components of several images come first, largest first, each to the split that lacks most of its classes. Single
    images then fill what is lacking, in the order of a hash: an image more or less moves the borders between splits by
    one image, and all others stay where they were.

    Args:
        records: columns label and sha256.
        components: (records,).
        assignment: (records,), a split, or `FREE`.
        shares: split name to its share of the free records; they sum to 1.
        seed: of the hash.

    Returns:
        assignment: (records,), without `FREE`.
    """
    is_free = assignment == FREE
    labels = records["label"].to_numpy()[is_free]
    free, inverse = np.unique(components[is_free], return_inverse=True)
    counts = np.zeros((len(free), len(LABEL_NAMES)), dtype=np.int64)
    np.add.at(counts, (inverse, labels), 1)
    places = pd.Series(lottery(records["sha256"][is_free], seed=seed)).groupby(inverse).min().to_numpy()
    lacking = np.outer(list(shares.values()), counts.sum(axis=0))
    chosen = np.zeros(len(free), dtype=np.int64)
    sizes = counts.sum(axis=1)
    for component in np.lexsort((places, -sizes))[: int((sizes > 1).sum())]:
        # What a split lacks of the component's classes; the first of equals is train.
        chosen[component] = np.argmax(lacking @ counts[component])
        lacking[chosen[component]] -= counts[component]
    for label in LABEL_NAMES:
        singles = np.flatnonzero((sizes == 1) & (counts[:, label] == 1))
        chosen[singles[np.argsort(places[singles])]] = in_turn(lacking[:, label], num_images=len(singles))
    shared = assignment.copy()
    shared[is_free] = np.array(list(shares))[chosen[inverse]]
    return shared


def lottery(hashes: pd.Series, *, seed: int) -> list[str]:
    """Draws a number for each picture, by its content and the seed alone."""
    return [sha256_of_text(f"{seed} {content}") for content in hashes]


def in_turn(lacking: npt.NDArray[np.float64], *, num_images: int) -> Positions:
    """Says to which split each of some images goes, so that each split gets what it lacks.

    Args:
        lacking: (splits,), how many images each still lacks; what is left over goes to the first.
        num_images: how many there are.

    Returns:
        splits: (images,), positions in `lacking`.
    """
    ends = np.cumsum(np.clip(np.rint(lacking[1:]), 0, None))
    return (np.searchsorted(ends, np.arange(num_images), side="right") + 1) % len(lacking)


def require_classes(tables: dict[str, pd.DataFrame]) -> None:
    """Stops when a split has no image of a class."""
    for name, table in tables.items():
        for label, class_name in LABEL_NAMES.items():
            if not (table["label"] == label).any():
                raise SplitError(
                    f"split {name} gets no image of class {class_name} ({len(table)} images in all): there are too "
                    "few images or groups, its share is too small, or the archive's own split has none (then set "
                    "split.keep_upstream to false)"
                )


def summarize(
    records: pd.DataFrame, copies: Positions, components: Positions, assignment: Assignment
) -> dict[str, Any]:
    """Counts what belongs together, and what each split got."""
    labels_of_content = records.groupby("sha256")["label"].nunique()
    contradicting = int((labels_of_content > 1).sum())
    if contradicting:
        logger.warning("%d pictures are in both classes, byte for byte", contradicting)
    return {
        "images": {name: count_classes(records["label"][assignment == name]) for name in SPLITS},
        "exact_copies": int(records["sha256"].duplicated().sum()),
        "images_with_copies": images_in_company(copies),
        "images_with_copies_or_group": images_in_company(components),
        "largest_component": int(np.bincount(components).max()),
        "contradicting_labels": contradicting,
    }


def count_classes(labels: pd.Series) -> dict[str, int]:
    """Counts the images of each class."""
    return {name: int((labels == label).sum()) for label, name in LABEL_NAMES.items()}


def images_in_company(components: Positions) -> int:
    """Counts the images that are not alone in their component."""
    sizes = np.bincount(components)
    return int(sizes[sizes > 1].sum())
