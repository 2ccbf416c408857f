"""Members of an ensemble: trained each from its own seed, averaged into one model, and gone on with after a kill."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
from killed_training import KillAt, Killed

from unmask import config
from unmask.data import shards
from unmask.training import ensemble, fit
from unmask.training.checkpoint import Checkpoint

ROOT = Path(__file__).parents[3]
Splits = tuple[shards.ShardIndex, shards.ShardIndex]


def section_of(**changes: Any) -> Any:
    whole = config.load(ROOT / "profiles" / "sample.yaml").train.cnn
    architecture = replace(whole.architecture, filters=[4], dense_units=4)
    usual = {"members": 2, "epochs": 2, "batch_size": 8, "loss": "binary_crossentropy", "monitor": "roc_auc"}
    return replace(whole, architecture=architecture, recipe=replace(whole.recipe, **usual | changes))


def train(section: Any, splits: Splits, *extra: Any, kept: Checkpoint | None = None) -> fit.Trained:
    data = {"training": splits[0], "validation": splits[1]}
    return ensemble.train("cnn", section, callbacks=list(extra), checkpoint=kept, **data)


def test_members_are_trained_apart_and_their_logits_averaged(splits: Splits) -> None:
    both, alone = (train(section_of(members=members, test_time_flip=False), splits) for members in (2, 1))
    images = np.random.default_rng(0).uniform(0, 255, (3, 32, 32, 3)).astype("float32")
    first, second = (both.model.get_layer(f"member_{n}").predict_on_batch(images) for n in (1, 2))
    np.testing.assert_allclose(first, alone.model.predict_on_batch(images), rtol=1e-5, atol=1e-6)
    assert not np.allclose(first, second, atol=1e-3)
    np.testing.assert_allclose(both.model.predict_on_batch(images), (first + second) / 2, rtol=1e-5, atol=1e-6)


def test_epochs_are_numbered_on_from_member_to_member(splits: Splits) -> None:
    trained = train(section_of(), splits)
    assert trained.history["epoch"].tolist() == [0, 1, 2, 3]
    assert trained.history["phase"].tolist() == ["all", "all", "all of member 2", "all of member 2"]
    assert trained.best_epoch == trained.history["validation_roc_auc"].idxmax()


def test_flips_at_test_time_make_a_mirrored_image_score_the_same(splits: Splits) -> None:
    images = np.random.default_rng(0).uniform(0, 255, (3, 32, 32, 3)).astype("float32")
    for test_time_flip in (False, True):
        model = train(section_of(members=1, test_time_flip=test_time_flip), splits).model
        scores, mirrored = (model.predict_on_batch(view) for view in (images, images[:, :, ::-1]))
        assert np.allclose(scores, mirrored, rtol=1e-5, atol=1e-6) == test_time_flip


@pytest.mark.parametrize(
    "killed_at", [pytest.param(1, marks=pytest.mark.slow), 2, pytest.param(3, marks=pytest.mark.slow)]
)
def test_a_killed_ensemble_goes_on_in_the_member_where_it_stood(splits: Splits, tmp_path: Path, killed_at: int) -> None:
    section = section_of()
    kept = Checkpoint(tmp_path / "states", key="k")
    with pytest.raises(Killed):
        train(section, splits, KillAt(killed_at), kept=kept)
    seen: list[int] = []
    watch = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: seen.append(epoch))
    gone_on, whole = train(section, splits, watch, kept=kept), train(section, splits)
    assert seen == list(range(killed_at, 4))
    pd.testing.assert_frame_equal(gone_on.history, whole.history, check_exact=True)
    for one, other in zip(gone_on.model.get_weights(), whole.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
