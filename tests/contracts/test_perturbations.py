"""What every perturbation promises: a new one is tested by being listed in its table."""

import numpy as np
import pytest
from scipy import ndimage

from unmask.perturbations import PERTURBATIONS, perturb

SEVERITIES = [(name, severity) for name, one in PERTURBATIONS.items() for severity in range(1, len(one.AMOUNTS) + 1)]
every_perturbation = pytest.mark.parametrize("name", PERTURBATIONS)
every_severity = pytest.mark.parametrize(("name", "severity"), SEVERITIES)


def picture(height: int = 64, width: int = 64) -> np.ndarray:
    """Something with soft shapes and fine detail, as a photograph has."""
    generator = np.random.default_rng(3)
    rough = ndimage.gaussian_filter(generator.normal(size=(height, width, 3)), sigma=(6, 6, 0))
    fine = generator.normal(size=(height, width, 3))
    values = 128 + 45 * rough / rough.std() + 6 * fine
    return np.clip(values, 0, 255).astype(np.uint8)


def changed(name: str, severity: int, image: np.ndarray, *, seed: int = 1) -> np.ndarray:
    return perturb(image, PERTURBATIONS[name], severity=severity, generator=np.random.default_rng(seed))


@every_perturbation
def test_severity_0_is_the_identity(name: str) -> None:
    image = picture()
    assert changed(name, 0, image) is image


@every_severity
@pytest.mark.parametrize("shape", [(64, 64), (37, 64), (16, 16)])
def test_shape_and_type_stay_and_the_picture_given_is_untouched(
    name: str, severity: int, shape: tuple[int, int]
) -> None:
    image = picture(*shape)
    before = image.copy()
    image.flags.writeable = False
    found = changed(name, severity, image)
    assert (found.shape, found.dtype) == (image.shape, np.uint8)
    np.testing.assert_array_equal(image, before)


@every_severity
def test_the_same_seed_gives_the_same_picture(name: str, severity: int) -> None:
    image = picture()
    np.testing.assert_array_equal(changed(name, severity, image), changed(name, severity, image))


@every_perturbation
def test_every_severity_changes_the_picture_the_last_more_than_the_first(name: str) -> None:
    image = picture()
    amounts = range(1, len(PERTURBATIONS[name].AMOUNTS) + 1)
    errors = [float(np.abs(changed(name, severity, image).astype(float) - image).mean()) for severity in amounts]
    assert min(errors) > 0
    assert errors[-1] > errors[0]


@every_perturbation
def test_a_flat_grey_picture_keeps_its_grey(name: str) -> None:
    if name == "brightness":
        pytest.skip("brightness is what it changes")
    image = np.full((32, 32, 3), 120, dtype=np.uint8)
    found = changed(name, len(PERTURBATIONS[name].AMOUNTS), image)
    assert found.mean() == pytest.approx(120, abs=2)
