"""What holds for every model in the table."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from unmask import config
from unmask.evaluation.explanation.gradcam import grad_cam
from unmask.models import MODELS

SIZE = 32
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", params=sorted(MODELS))
def model(request: pytest.FixtureRequest) -> Any:
    section = config.training_section(config.load(ROOT / "profiles" / "sample.yaml"), request.param)
    keras.utils.set_random_seed(3)
    return MODELS[request.param](section.architecture, image_size=SIZE)


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, SIZE, SIZE, 3)).astype("float32")


def test_gives_one_finite_logit_an_image(model: Any, images: np.ndarray) -> None:
    logits = model.predict_on_batch(images)
    assert logits.shape == (3, 1)
    assert logits.dtype == np.float32
    assert np.isfinite(logits).all()


def test_takes_images_of_the_uint8_range_and_scales_them_itself(model: Any, images: np.ndarray) -> None:
    assert np.abs(model.predict_on_batch(images)).max() < 1000


def test_score_of_an_image_does_not_depend_on_its_batch(model: Any, images: np.ndarray) -> None:
    together = model.predict_on_batch(images)
    alone = np.concatenate([model.predict_on_batch(image[None]) for image in images])
    np.testing.assert_allclose(together, alone, rtol=1e-3, atol=1e-4)


def test_loads_from_its_file_in_safe_mode_with_the_same_logits(model: Any, images: np.ndarray, tmp_path: Path) -> None:
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False, safe_mode=True)
    np.testing.assert_allclose(loaded.predict_on_batch(images), model.predict_on_batch(images), rtol=1e-5, atol=1e-6)


def test_says_where_it_sees_what_speaks_for_its_answer(model: Any, images: np.ndarray) -> None:
    both = [grad_cam(model, images, directions=np.full(3, direction)) for direction in (1.0, -1.0)]
    assert both[0].shape == (3, SIZE, SIZE)
    np.testing.assert_array_equal(np.max(both, axis=(0, 2, 3)), np.ones(3))
