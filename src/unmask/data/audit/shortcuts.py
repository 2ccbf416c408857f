"""Whether a simple model that never looks at a face can tell two sets of pictures apart.

Real from fake: then a detector can reach its score by a shortcut (Geirhos et al., "Shortcut learning in deep neural
networks", Nature Machine Intelligence 2020). Train from test: then the test split judges other pictures than were
learnt from (a classifier two-sample test: Lopez-Paz and Oquab, ICLR 2017).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from threadpoolctl import threadpool_limits

from unmask.console import progress
from unmask.data.archives.contents import locate
from unmask.data.archives.entries import Entry
from unmask.data.archives.reader import ArchiveReader
from unmask.data.audit.picture import Features, read_picture
from unmask.data.audit.views import VIEWS
from unmask.data.parallel import in_chunks, map_in_order, worthwhile_workers
from unmask.errors import ArchiveError, ImageError

FOLDS = 5
CHUNK_IMAGES = 64
IMAGES_PER_WORKER = 250  # a process takes about as long to start as these many pictures take
NUM_TELLING = 3

Measured = dict[str, Features]
Fold = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]  # positions to fit on, and to judge by


@dataclass(frozen=True)
class Telling:
    """How well one view tells two sets apart.

    Attributes:
        view: a key of `VIEWS`.
        auc: mean over the folds; 0.5 is chance.
        standard_error: of that mean.
        features: the most telling single features with their AUC, 0.5 or more.
    """

    view: str
    auc: float
    standard_error: float
    features: tuple[tuple[str, float], ...]

    @property
    def beyond_noise(self) -> float:
        """Gives the AUC less twice its standard error: what is held against a limit, as small sets vary much."""
        return max(self.auc - 2 * self.standard_error, 0.0)


def measure(archive: Path, members: pd.Series, *, max_pixels: int, workers: int) -> Measured:
    """Shows pictures to every view.

    Args:
        archive: the zip that holds the members.
        members: names, of pictures that `index` found usable.
        max_pixels: the most pixels that will be decoded.
        workers: how many processes look; 0 means one for each core. Few pictures are looked at in this one.

    Returns:
        View to its features: (members, features), float64.
    """
    entries = list(locate(archive, members))
    workers = worthwhile_workers(workers, units=len(entries), units_each=IMAGES_PER_WORKER)
    measure_some = partial(measure_chunk, archive, max_pixels=max_pixels)
    chunks = map_in_order(measure_some, in_chunks(entries, CHUNK_IMAGES), workers=workers)
    rows = list(progress(flatten(chunks), total=len(entries), description="audit"))
    return {view: np.array([row[view] for row in rows]) for view in VIEWS}


def flatten(chunks: Iterator[list[Measured]]) -> Iterator[Measured]:
    """Gives the chunks' items one by one."""
    for chunk in chunks:
        yield from chunk


def measure_chunk(archive: Path, entries: Sequence[Entry], *, max_pixels: int) -> list[Measured]:
    """Shows some pictures to every view, in a worker."""
    measured = []
    with ArchiveReader(archive) as reader:
        for entry in entries:
            try:
                picture = read_picture(reader.read(entry), max_pixels=max_pixels)
            except ImageError as error:
                raise ArchiveError(
                    f"{entry.name} cannot be read any more: {error}; run the index stage again"
                ) from error
            measured.append({name: view.features(picture) for name, view in VIEWS.items()})
    return measured


def tell_apart(
    measured: Measured, truth: npt.NDArray[np.int64], *, groups: npt.NDArray[np.int64], seed: int
) -> list[Telling]:
    """Cross-validates a simple model for each view.

    Args:
        measured: view to features (images, features).
        truth: (images,), 0 or 1: which of the two sets.
        groups: (images,), images that belong together stay in one fold.
        seed: of the folds.

    Returns:
        One for each view, in the table's order; none where a set has too few groups to be cross-validated, or a few
        groups hold so much of it that most folds lack one of the two sets.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    if min(len(np.unique(groups[truth == which])) for which in (0, 1)) < 2 * FOLDS:
        return []
    divided = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed).split(truth, truth, groups)
    folds = [(train, test) for train, test in divided if len(np.unique(truth[test])) == 2]
    if len(folds) <= FOLDS // 2:
        return []
    return [tell(view, features, truth, folds=folds) for view, features in measured.items()]


def tell(view: str, features: Features, truth: npt.NDArray[np.int64], *, folds: Sequence[Fold]) -> Telling:
    """Cross-validates one view's model."""
    scores = [fold_auc(view, features, truth, train=train, test=test) for train, test in folds]
    return Telling(
        view=view,
        auc=round(float(np.mean(scores)), 4),
        standard_error=round(float(np.std(scores, ddof=1) / np.sqrt(len(scores))), 4),
        features=most_telling(view, features, truth),
    )


def fold_auc(
    view: str,
    features: Features,
    truth: npt.NDArray[np.int64],
    *,
    train: npt.NDArray[np.int64],
    test: npt.NDArray[np.int64],
) -> float:
    """Fits a view's model on some images and gives its AUC on others."""
    from sklearn.metrics import roc_auc_score

    model = make_model(view)
    with threadpool_limits(1):  # on so few rows a second thread gains nothing, and costs twentyfold on a busy machine
        model.fit(features[train], truth[train])
        return float(roc_auc_score(truth[test], model.predict_proba(features[test])[:, 1]))


def make_model(view: str) -> Any:
    """Makes a view's model: small trees for metadata, whose numbers are names rather than amounts; else linear."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if view == "metadata":
        return HistGradientBoostingClassifier(max_iter=50, max_leaf_nodes=3, random_state=0)
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))


def most_telling(view: str, features: Features, truth: npt.NDArray[np.int64]) -> tuple[tuple[str, float], ...]:
    """Finds the features that tell most by themselves."""
    from scipy.stats import rankdata

    num_ones = int(truth.sum())
    ranks = rankdata(features, axis=0)[truth == 1].sum(axis=0)
    # The Mann-Whitney statistic of every feature, as an AUC.
    aucs = (ranks - num_ones * (num_ones + 1) / 2) / (num_ones * (len(truth) - num_ones))
    strength = np.maximum(aucs, 1 - aucs)
    order = np.argsort(-strength, kind="stable")[:NUM_TELLING]
    return tuple((VIEWS[view].names[number], round(float(strength[number]), 4)) for number in order)
