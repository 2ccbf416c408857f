"""Simple models that never see a face find what was planted for them, and nothing where nothing was."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from PIL import Image

from unmask.data.audit import shortcuts
from unmask.data.audit.shortcuts import FOLDS, Measured, Telling, measure, most_telling, tell_apart
from unmask.data.audit.views import VIEWS
from unmask.errors import ArchiveError

SIDE = 64
PER_CLASS = 60
NOISE = 0.6  # of two sets of this size that were made alike, no view may seem to tell more

MakeArchive = Callable[..., Path]
MakeImage = Callable[..., bytes]
Change = Callable[[Image.Image], Image.Image]
Found = dict[str, Telling]
TellPlanted = Callable[..., Found]


def cast(image: Image.Image) -> Image.Image:
    red, green, blue = image.split()
    return Image.merge("RGB", (red.point(lambda level: min(level + 25, 255)), green, blue))


def padded(image: Image.Image) -> Image.Image:
    image = image.copy()
    image.paste("black", (0, 0, 2, SIDE))
    return image


def magnified(image: Image.Image) -> Image.Image:
    half = image.resize((SIDE // 2, SIDE // 2), Image.Resampling.BOX)
    return half.resize((SIDE, SIDE), Image.Resampling.NEAREST)


def checkered(image: Image.Image) -> Image.Image:
    """Every second pixel of every second row brighter, as a transposed convolution of stride 2 may leave them."""
    pixels = np.array(image)
    pixels[::2, ::2] = np.minimum(pixels[::2, ::2], 235) + 20
    return Image.fromarray(pixels)


def look(archive: Path, members: pd.Series, *, workers: int = 1) -> Measured:
    return measure(archive, members, max_pixels=SIDE * SIDE, workers=workers)


def told(view: str, features: npt.NDArray[np.float64], truth: npt.NDArray[np.int64], **options: Any) -> Telling:
    """Lets one view alone tell."""
    [found] = tell_apart({view: features}, truth, **options)
    return found


@pytest.fixture
def tell_planted(make_archive: MakeArchive, make_picture: Callable[..., Image.Image]) -> TellPlanted:
    """Saves pictures of two classes, the fake ones changed, and lets each view tell them apart."""

    def tell_views(*, change: Change = Image.Image.copy, quality: int = 80) -> Found:
        members = {}
        for seed in range(2 * PER_CLASS):
            image, buffer = make_picture(seed, size=(SIDE, SIDE)), io.BytesIO()
            is_fake = seed % 2 == 1
            (change(image) if is_fake else image).save(buffer, "JPEG", quality=quality if is_fake else 80)
            members[f"{'fake' if is_fake else 'real'}/{seed:03d}.jpg"] = buffer.getvalue()
        names = pd.Series(list(members))
        truth = names.str.startswith("fake").to_numpy(np.int64)
        measured = look(make_archive(members), names)
        return {one.view: one for one in tell_apart(measured, truth, groups=np.arange(len(truth)), seed=7)}

    return tell_views


@pytest.fixture
def pictures(make_archive: MakeArchive, make_image: MakeImage) -> tuple[Path, pd.Series]:
    """An archive of some pictures, and their names."""
    names = pd.Series([f"real/{number:03d}.jpg" for number in range(24)])
    return make_archive({name: make_image(seed) for seed, name in enumerate(names)}), names


def random_sets(
    num_groups: int, *, per_group: int = 1, seed: int = 0
) -> tuple[Measured, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Two sets that differ by nothing but their groups: the images of a group are nearly alike, and of one set.

    Returns:
        Features of every view, which of the two sets, and the group.
    """
    random = np.random.default_rng(seed)
    groups = np.repeat(np.arange(num_groups), per_group)
    measured = {
        view: random.normal(size=(num_groups, len(VIEWS[view].names)))[groups]
        + random.normal(scale=0.01, size=(len(groups), len(VIEWS[view].names)))
        for view in VIEWS
    }
    return measured, groups % 2, groups


def test_classes_made_alike_are_not_told_apart(tell_planted: TellPlanted) -> None:
    found = tell_planted()
    assert list(found) == list(VIEWS)
    assert all(one.beyond_noise < NOISE for one in found.values())


def test_a_class_saved_at_another_quality_is_told_by_its_metadata(tell_planted: TellPlanted) -> None:
    metadata = tell_planted(quality=95)["metadata"]
    assert metadata.auc > 0.99
    # At quality 95 every file is larger than any at 80.
    assert metadata.features == (("bytes", 1.0), ("bytes per pixel", 1.0), ("JPEG quality", 1.0))


def test_a_colour_cast_is_told_by_colour_and_named(tell_planted: TellPlanted) -> None:
    found = tell_planted(change=cast)
    assert found["colour"].beyond_noise > 0.9
    assert found["colour"].features[0][0] == "mean red"
    assert found["metadata"].beyond_noise < NOISE


def test_a_bar_at_one_edge_is_told_by_the_borders_and_named(tell_planted: TellPlanted) -> None:
    borders = tell_planted(change=padded)["borders"]
    assert borders.auc > 0.99
    assert all(name.endswith(", left") for name, _ in borders.features)


@pytest.mark.parametrize("change", [magnified, checkered])
def test_traces_of_upsampling_are_told_by_the_spectrum(tell_planted: TellPlanted, change: Change) -> None:
    assert tell_planted(change=change)["spectrum"].beyond_noise > 0.95


@pytest.mark.parametrize("view", VIEWS)
def test_what_only_groups_tell_tells_nothing(view: str) -> None:
    # The AUC of 20 groups and 20 others has a standard error of sqrt(41 / (12 * 20 * 20)), 0.09, by chance (Mann and
    # Whitney); the mean of three, 0.05.
    aucs, leaky = [], []
    for seed in range(3):
        measured, truth, groups = random_sets(40, per_group=4, seed=seed)
        aucs.append(told(view, measured[view], truth, groups=groups, seed=0).auc)
        leaky.append(told(view, measured[view], truth, groups=np.arange(len(truth)), seed=0).auc)
    assert abs(np.mean(aucs) - 0.5) < 0.15
    assert np.mean(leaky) > 0.8  # were each image a group of its own


@pytest.mark.parametrize(("num_groups", "expected"), [(4 * FOLDS - 1, []), (4 * FOLDS, list(VIEWS))])
def test_sets_of_too_few_groups_are_not_told_apart(num_groups: int, expected: list[str]) -> None:
    # Every second group is of the second set: 9 are too few for five folds, 10 are enough.
    measured, truth, groups = random_sets(num_groups, per_group=3)
    assert [one.view for one in tell_apart(measured, truth, groups=groups, seed=0)] == expected


def grouped(*sizes: int) -> npt.NDArray[np.int64]:
    return np.repeat(np.arange(len(sizes)), sizes)


def test_a_fold_of_one_set_only_is_left_out() -> None:
    # Two groups hold most of each class, so that they fill folds by themselves.
    real, fake = grouped(100, 300, *[1] * 10), grouped(300, 500, *[1] * 10)
    truth, groups = np.repeat([0, 1], [len(real), len(fake)]), np.concatenate([real, 100 + fake])
    features = np.repeat(truth[:, None].astype(float), len(VIEWS["colour"].names), axis=1)
    [found] = tell_apart({"colour": features}, truth, groups=groups, seed=0)
    assert (found.auc, found.standard_error) == (1.0, 0.0)


def test_nothing_is_said_where_most_folds_hold_one_set_only(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = np.repeat([0, 1], 20)
    halves = [(np.arange(40), np.arange(20)), (np.arange(40), np.arange(20, 40))] * 2 + [(np.arange(40), np.arange(40))]
    monkeypatch.setattr("sklearn.model_selection.StratifiedGroupKFold.split", lambda *_: iter(halves))
    assert tell_apart({"colour": np.zeros((40, 3))}, truth, groups=np.arange(40), seed=0) == []


def test_the_seed_decides() -> None:
    measured, truth, groups = random_sets(60)
    again, other = (tell_apart(measured, truth, groups=groups, seed=seed) for seed in (1, 2))
    assert again == tell_apart(measured, truth, groups=groups, seed=1)
    assert [one.auc for one in again] != [one.auc for one in other]


def test_the_auc_is_that_of_scikit_learn() -> None:
    from scipy.stats import sem
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    measured, truth, groups = random_sets(60, per_group=2)
    features = measured["colour"] + truth[:, None] * 0.3
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=3)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    expected = cross_val_score(model, features, truth, groups=groups, cv=folds, scoring="roc_auc")
    found = told("colour", features, truth, groups=groups, seed=3)
    assert found.auc == pytest.approx(expected.mean(), abs=1e-4)
    assert found.standard_error == pytest.approx(sem(expected), abs=1e-4)
    assert found.beyond_noise == pytest.approx(expected.mean() - 2 * sem(expected), abs=3e-4)


def test_single_features_are_told_by_the_pairs_that_they_order() -> None:
    # Two of each set make four pairs. The first feature orders three of them rightly; of the second all are ties, each
    # half a pair; the third orders all of them, wrongly: as telling as rightly.
    features = np.array([[1.0, 5.0, 4.0], [3.0, 5.0, 3.0], [2.0, 5.0, 2.0], [4.0, 5.0, 1.0]])
    names = VIEWS["colour"].names
    assert most_telling("colour", features, np.array([0, 0, 1, 1])) == (
        (names[2], 1.0),
        (names[0], 0.75),
        (names[1], 0.5),
    )


def test_single_features_agree_with_scikit_learn() -> None:
    from sklearn.metrics import roc_auc_score

    random = np.random.default_rng(4)
    truth = random.integers(0, 2, 50)
    features = random.integers(0, 6, (50, len(VIEWS["borders"].names))).astype(np.float64)  # many ties
    aucs = [roc_auc_score(truth, column) for column in features.T]
    expected = sorted((max(auc, 1 - auc) for auc in aucs), reverse=True)[:3]
    assert [auc for _, auc in most_telling("borders", features, truth)] == pytest.approx(expected, abs=1e-4)


def test_noise_is_never_below_nothing() -> None:
    assert Telling("colour", auc=0.3, standard_error=0.2, features=()).beyond_noise == 0.0


def test_features_are_in_the_order_of_the_members(pictures: tuple[Path, pd.Series]) -> None:
    archive, names = pictures
    forwards, backwards = look(archive, names), look(archive, names[::-1])
    for view in VIEWS:
        assert forwards[view].shape == (24, len(VIEWS[view].names))
        assert len(np.unique(forwards[view], axis=0)) > 20  # files of one size, saved alike, have the same metadata
        np.testing.assert_array_equal(backwards[view][::-1], forwards[view])


def test_two_processes_find_the_same(pictures: tuple[Path, pd.Series], monkeypatch: pytest.MonkeyPatch) -> None:
    archive, names = pictures
    alone = look(archive, names)
    monkeypatch.setattr(shortcuts, "IMAGES_PER_WORKER", 1)
    monkeypatch.setattr(shortcuts, "CHUNK_IMAGES", 5)
    together = look(archive, names, workers=2)
    for view in VIEWS:
        np.testing.assert_array_equal(together[view], alone[view])


def test_a_picture_that_cannot_be_read_any_more_is_named(make_archive: MakeArchive, make_image: MakeImage) -> None:
    archive = make_archive({"real/a.jpg": make_image(1), "fake/b.jpg": make_image(2)[:200]})
    with pytest.raises(ArchiveError, match=r"fake/b\.jpg cannot be read any more: .*; run the index stage again"):
        look(archive, pd.Series(["real/a.jpg", "fake/b.jpg"]))
