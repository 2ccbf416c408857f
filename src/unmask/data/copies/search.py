"""Which images show the same picture: equal bytes, or a copy saved anew, resized, mirrored or cut at the edges.

Hashes of the thumbnails propose pairs (`hashes.py`, `near_pairs.py`), the pictures themselves decide
(`confirmation.py`).
"""

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from unmask.data.components import Positions, equal_pairs, join, spanning_pairs
from unmask.data.copies.confirmation import Agreement, Question, confirm
from unmask.data.copies.hashes import crop_box, hash_views
from unmask.data.copies.near_pairs import Candidates, near_pairs
from unmask.data.parallel import count_workers
from unmask.data.pictures.thumbnails import Thumbnails
from unmask.records import COPY_COLUMNS

EXACT, NEAR, MIRRORED, CROPPED = "exact", "near", "mirrored", "cropped"
# Correlation of details, see `confirmation.py`. Of the planted copies that `benchmarks/near_duplicates.py` found, all
# photographs had 0.99 and more, 99% of drawn faces 0.97 and more, the weakest 0.69; so had the weakest real pair that
# was looked at by eye. Two different faces of the drawn sample have 0.667.
LEAST_SIMILARITY = 0.68
CROP_SHARE = 0.98  # a copy that shows less of a side than this is cropped
FLAT = 3.0  # grey levels: a picture whose thumbnail deviates less from its mean has no face, and its hash is noise

Row = tuple[str, str, str, int, float]  # of `records.COPY_COLUMNS`

logger = logging.getLogger(__name__)


def find_copies(
    records: pd.DataFrame, thumbnails: Thumbnails, archive: Path, *, distance: int, workers: int, max_pixels: int
) -> pd.DataFrame:
    """Finds the images that show the same picture.

    Args:
        records: `records.RECORD_COLUMNS`, in any order.
        thumbnails: (images, side, side), in the order of the records.
        archive: the zip that holds the images.
        distance: the most bits in which the hashes of two near copies differ.
        workers: how many processes compare pictures; 0 means one for each core.
        max_pixels: the most pixels that will be decoded.

    Returns:
        `records.COPY_COLUMNS`, sorted: enough pairs to join all copies of a picture, not each with each.

    Raises:
        ArchiveError: an image cannot be read.
        WorkerError: a process that compares pictures died.
    """
    order = np.argsort(records["member"].to_numpy(dtype=object), kind="stable")
    members = records["member"].iloc[order].reset_index(drop=True)
    exact = equal_pairs(records["sha256"].iloc[order])
    distinct = np.setdiff1d(np.arange(len(order)), exact[1])
    looks = np.asarray(thumbnails[order[distinct]]).reshape(len(distinct), -1)
    alike = equal_pairs(looks.view(f"V{looks.shape[1]}").ravel() if len(looks) else looks)
    searched = np.flatnonzero(looks.std(axis=1) >= FLAT)
    searched = np.setdiff1d(searched, alike[1])
    words = hash_views(looks[searched].reshape(-1, *thumbnails.shape[1:]), threads=count_workers(workers))
    candidates = near_pairs(words, distance=distance, threads=count_workers(workers))
    names = members.iloc[distinct[searched]].tolist()
    logger.info("copies: %d pairs to look at among %d pictures", len(candidates.whole), len(names))
    rows = [
        *rows_of_equals(members, exact, kind=EXACT),
        *rows_of_equals(members.iloc[distinct], alike, kind=NEAR),
        *rows_of_confirmed(names, candidates, archive, workers=workers, max_pixels=max_pixels),
    ]
    table = pd.DataFrame(sorted(rows), columns=list(COPY_COLUMNS))
    return table.astype({"distance_bits": np.int64, "similarity": np.float64})


def rows_of_equals(members: pd.Series, pairs: tuple[Positions, Positions], *, kind: str) -> list[Row]:
    """Makes the rows of pairs that need no looking at."""
    left, right = (members.iloc[positions].tolist() for positions in pairs)
    return [(one, other, kind, 0, 1.0) for one, other in zip(left, right, strict=True)]


def rows_of_confirmed(
    names: list[str], candidates: Candidates, archive: Path, *, workers: int, max_pixels: int
) -> list[Row]:
    """Looks at candidates, nearest first, and keeps those that are copies.

    What earlier pairs have joined is not looked at again: in each round only as many pairs as would join all.
    """
    components = np.arange(len(names), dtype=np.int64)
    pending = np.arange(len(candidates.whole))
    rows: list[Row] = []
    while len(pending):
        is_picked = spanning_pairs(components, candidates.whole[pending], candidates.other[pending])
        picked, pending = pending[is_picked], pending[~is_picked]
        questions = [question(names, candidates, position) for position in picked.tolist()]
        answers = confirm(archive, questions, workers=workers, max_pixels=max_pixels)
        accepted = []
        for position, answer in zip(picked.tolist(), answers, strict=True):
            if answer.similarity >= LEAST_SIMILARITY:
                accepted.append(position)
                rows.append(row(names, candidates, position, answer))
        links = (candidates.whole[accepted], candidates.other[accepted])
        components = join(len(names), [equal_pairs(components), links])
        pending = pending[components[candidates.whole[pending]] != components[candidates.other[pending]]]
    return rows


def question(names: list[str], candidates: Candidates, position: int) -> Question:
    """Spells out one candidate."""
    return Question(
        whole=names[candidates.whole[position]],
        other=names[candidates.other[position]],
        is_mirrored=bool(candidates.is_mirrored[position]),
        start=crop_box(int(candidates.view[position])),
    )


def row(names: list[str], candidates: Candidates, position: int, answer: Agreement) -> Row:
    """Makes the row of one confirmed pair."""
    left, right = sorted((names[candidates.whole[position]], names[candidates.other[position]]))
    is_cropped = min(answer.box[2:]) < CROP_SHARE
    kind = MIRRORED if candidates.is_mirrored[position] else CROPPED if is_cropped else NEAR
    return left, right, kind, int(candidates.distance[position]), round(answer.similarity, 3)
