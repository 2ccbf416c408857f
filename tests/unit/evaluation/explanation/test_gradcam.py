"""Heatmaps: worked by hand, alike for every shape of model, and bright where what was learnt lies."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from unmask.config import Resnet50Config
from unmask.errors import EvaluationError
from unmask.evaluation.explanation import gradcam
from unmask.evaluation.explanation.directions import directions_of
from unmask.evaluation.explanation.gradcam import contributions, grad_cam
from unmask.evaluation.explanation.halves import cut
from unmask.models import resnet50
from unmask.models.average import average

FAKE, REAL = np.array([1.0]), np.array([-1.0])
NOISE = np.random.default_rng(0).integers(0, 256, (5, 24, 24, 3)).astype(np.uint8)

Make = Callable[..., Any]


def test_a_position_counts_by_its_own_gradient(linear: Make, image_of: Make) -> None:
    # Each place adds its weight times its value: 1 * 1 and -2 * 4.
    model, image = linear([[1, 0], [0, -2]]), image_of([[1, 2], [3, 4]])
    np.testing.assert_allclose(grad_cam(model, image, directions=FAKE), [[[1, 0], [0, 0]]])
    np.testing.assert_allclose(grad_cam(model, image, directions=REAL), [[[0, 0], [0, 1]]])


def test_grad_cam_proper_counts_every_position_by_the_mean_gradient(linear: Make, image_of: Make) -> None:
    # The mean weight is (1 - 2) / 4 = -0.25: nothing speaks for fake, and for real most where the values are highest.
    model, image = linear([[1, 0], [0, -2]]), image_of([[1, 2], [3, 4]])
    np.testing.assert_allclose(grad_cam(model, image, directions=FAKE, variant="grad_cam"), np.zeros((1, 2, 2)))
    of_real = grad_cam(model, image, directions=REAL, variant="grad_cam")
    np.testing.assert_allclose(of_real, [[[0.25, 0.5], [0.75, 1]]])


@pytest.mark.parametrize("inputs", ["pixels", "residuals", "both"])
def test_both_variants_are_one_where_the_head_averages(tiny: Make, inputs: str) -> None:
    model, directions = tiny(inputs=inputs), np.ones(len(NOISE))
    plain, fine = (grad_cam(model, NOISE, directions=directions, variant=name) for name in ("grad_cam", "hires_cam"))
    np.testing.assert_allclose(plain, fine, atol=1e-5)


def test_members_are_averaged_before_anything_is_cut_off(linear: Make, image_of: Make) -> None:
    # (3 - 1) / 2 = 1 in the first place and (-4 + 2) / 2 = -1 in the last: alone, the second member would light it up.
    model = average([linear([[3, 0], [0, -4]]), linear([[-1, 0], [0, 2]])], test_time_flip=False)
    np.testing.assert_allclose(grad_cam(model, image_of([[1, 1], [1, 1]]), directions=FAKE), [[[1, 0], [0, 0]]])


def test_a_mirrored_view_is_mirrored_back(linear: Make, image_of: Make) -> None:
    # The mirrored view, [[5, 1]], adds 2 * 5 on its left, which is the picture's right: (2, 0) and (0, 10), over 2.
    model = average([linear([[2, 0]])], test_time_flip=True)
    np.testing.assert_allclose(grad_cam(model, image_of([[1, 5]]), directions=FAKE), [[[0.2, 1.0]]])


def test_branches_add_up_to_the_logit_whatever_their_sizes() -> None:
    # A linear network without biases: what all places add is the whole logit, so the mean over the picture is too.
    images = keras.Input((8, 8, 3))
    fine = keras.layers.Flatten()(keras.layers.Rescaling(1.0)(images))
    coarse = keras.layers.GlobalAveragePooling2D()(keras.layers.AveragePooling2D(4)(images))
    features = keras.layers.Concatenate()([fine, coarse])
    keras.utils.set_random_seed(1)
    model = keras.Model(images, keras.layers.Dense(1, use_bias=False)(features))
    seen = NOISE[:, :8, :8].astype(np.float32)
    found = contributions(cut(model), seen, variant="hires_cam").mean(axis=(1, 2))
    np.testing.assert_allclose(found, model.predict_on_batch(seen)[:, 0], rtol=1e-4)


SHAPES = [
    {"pooling": "flatten"},
    {"gradient_filters": [4]},
    {"filters": [], "gradient_filters": [4], "pooling": "flatten"},
    {"shrink": 2, "batch_normalization": True, "dropout": 0.5, "padding": "valid"},
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("test_time_flip", [False, True])
def test_every_shape_of_the_cnn_is_explained_from_its_file(
    tiny: Make, shape: dict[str, Any], test_time_flip: bool, tmp_path: Path
) -> None:
    members = [tiny(seed=seed, **shape) for seed in (1, 2)]
    average(members, test_time_flip=test_time_flip).save(tmp_path / "model.keras")
    model = keras.saving.load_model(tmp_path / "model.keras", compile=False, safe_mode=True)
    check(grad_cam(model, NOISE, directions=np.ones(len(NOISE))))


@pytest.mark.parametrize("changes", [{}, {"gradient_cell": 4}, {"pooling": "flatten", "input_size": 32}], ids=str)
def test_every_shape_of_resnet50_is_explained(changes: dict[str, Any]) -> None:
    shape: dict[str, Any] = {"weights": "none", "input_size": 0, "gradient_cell": 0, "gradient_bins": 4}
    shape |= {"early_pooling": True, "last_stage": 2, "frozen_stages": 1, "batch_statistics": "frozen"}
    shape |= {"batch_momentum": 0.99, "pooling": "average", "dropout_before": 0.5, "dense_units": 16, "dropout": 0.5}
    keras.utils.set_random_seed(1)
    model = resnet50.build(Resnet50Config(**{**shape, **changes}), image_size=24)
    heatmaps = grad_cam(model, NOISE, directions=np.ones(len(NOISE)))
    check(np.maximum(heatmaps, grad_cam(model, NOISE, directions=-np.ones(len(NOISE)))))


def check(heatmaps: np.ndarray) -> None:
    assert heatmaps.shape == (5, 24, 24)
    assert heatmaps.dtype == np.float32
    assert np.isfinite(heatmaps).all()
    assert heatmaps.min() >= 0
    assert heatmaps.max() == 1


@pytest.mark.parametrize("precision", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("pooling", ["average", "flatten"])
def test_half_precision_gives_nearly_the_same(tiny: Make, precision: str, pooling: str) -> None:
    exact = tiny(pooling=pooling)
    keras.config.set_dtype_policy(precision)
    try:
        rough = tiny(pooling=pooling)
    finally:
        keras.config.set_dtype_policy("float32")
    rough.set_weights(exact.get_weights())
    first, second = (grad_cam(model, NOISE, directions=np.ones(len(NOISE))) for model in (exact, rough))
    np.testing.assert_allclose(first, second, atol=0.06)


def test_frozen_layers_change_nothing(tiny: Make) -> None:
    model, directions = tiny(), np.ones(len(NOISE))
    free = grad_cam(model, NOISE, directions=directions)
    model.trainable = False
    np.testing.assert_array_equal(free, grad_cam(model, NOISE, directions=directions))


def test_pictures_do_not_depend_on_their_batch(tiny: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    model, directions = tiny(pooling="flatten"), directions_of(np.array([2.0, 1.0, 3.0, 0.0, 1.5]), threshold=1.5)
    whole = grad_cam(model, NOISE, directions=directions)
    monkeypatch.setattr(gradcam, "BATCH", 2)
    np.testing.assert_allclose(whole, grad_cam(model, NOISE, directions=directions), atol=1e-5)


def test_the_model_stays_as_it_is(tiny: Make, tmp_path: Path) -> None:
    model = average([tiny()], test_time_flip=True)
    config, logits = model.get_config(), model.predict_on_batch(NOISE.astype(np.float32))
    grad_cam(model, NOISE, directions=np.ones(len(NOISE)))
    assert model.get_config() == config
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False, safe_mode=True)
    np.testing.assert_allclose(loaded.predict_on_batch(NOISE.astype(np.float32)), logits, rtol=1e-5)


def test_a_model_without_maps_is_refused() -> None:
    images = keras.Input((4, 4, 3))
    model = keras.Model(images, keras.layers.Dense(1)(keras.layers.Reshape((48,))(images)), name="blind")
    with pytest.raises(EvaluationError, match="blind cannot be explained: no layer of it makes a vector of maps"):
        grad_cam(model, NOISE[:, :4, :4], directions=np.ones(5))


def test_answers_at_the_threshold_are_fake() -> None:
    np.testing.assert_array_equal(directions_of(np.array([0.3, 0.4, 0.5]), threshold=0.4), [-1, 1, 1])


def test_heatmaps_are_bright_where_what_was_learnt_lies(learnt: Any) -> None:
    with_spots = learnt.labels == 1
    heatmaps = grad_cam(learnt.model, learnt.images[with_spots], directions=np.ones(with_spots.sum()))
    size = learnt.spot_pixels
    for heatmap, (top, left) in zip(heatmaps, learnt.corners[with_spots], strict=True):
        spot = heatmap[top : top + size, left : left + size]
        assert spot.mean() > 3 * heatmap.mean()
