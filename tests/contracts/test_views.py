"""Every way to look at a picture without seeing the face: measures all pictures, and finds what was planted for it."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageFilter
from PIL.PngImagePlugin import PngInfo

from unmask.data.audit.picture import read_picture
from unmask.data.audit.shortcuts import tell_apart
from unmask.data.audit.views import VIEWS

MAX_PIXELS = 10**6
PER_CLASS = 40
MakePicture = Callable[..., Image.Image]


def encode(image: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, **{"format": "JPEG", "quality": 80, **options})
    return buffer.getvalue()


def framed(image: Image.Image) -> bytes:
    pixels = np.array(image)
    pixels[:2] = pixels[-2:] = pixels[:, :2] = pixels[:, -2:] = 0
    return encode(Image.fromarray(pixels))


# What one class went through and the other did not; none of it is about a face.
PLANTED = {
    "metadata": lambda image: encode(image, quality=81),
    "colour": lambda image: encode(image.point(lambda level: min(level + 40, 255))),
    "borders": framed,
    "spectrum": lambda image: encode(image.filter(ImageFilter.GaussianBlur(1.5))),
}


def aucs(make_picture: MakePicture, change: Callable[[Image.Image], bytes]) -> dict[str, float]:
    """Tells 40 pictures from 40 others that were changed."""
    pictures = [make_picture(seed, size=(64, 64)) for seed in range(2 * PER_CLASS)]
    contents = [encode(image) if seed % 2 else change(image) for seed, image in enumerate(pictures)]
    read = [read_picture(content, max_pixels=MAX_PIXELS) for content in contents]
    measured = {name: np.array([view.features(picture) for picture in read]) for name, view in VIEWS.items()}
    truth = np.array([seed % 2 for seed in range(2 * PER_CLASS)])
    return {one.view: one.auc for one in tell_apart(measured, truth, groups=np.arange(len(truth)), seed=0)}


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize(
    ("mode", "format", "size"),
    [
        ("RGB", "JPEG", (64, 64)),
        ("L", "JPEG", (40, 90)),
        ("RGB", "PNG", (17, 16)),
        ("RGB", "PNG", (2, 2)),
        ("RGB", "WEBP", (300, 260)),
    ],
)
def test_every_picture_gets_as_many_finite_numbers_as_there_are_names(
    make_picture: MakePicture, name: str, mode: str, format: str, size: tuple[int, int]
) -> None:
    view = VIEWS[name]
    picture = read_picture(encode(make_picture(3, size=size).convert(mode), format=format), max_pixels=MAX_PIXELS)
    features = view.features(picture)
    assert features.shape == (len(view.names),)
    assert np.isfinite(features).all()
    assert len(set(view.names)) == len(view.names)


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_flat_picture_is_measured_too(name: str, level: int) -> None:
    picture = read_picture(encode(Image.new("RGB", (32, 32), (level,) * 3), format="PNG"), max_pixels=MAX_PIXELS)
    assert np.isfinite(VIEWS[name].features(picture)).all()


def test_a_text_that_is_called_like_a_density_is_none(make_picture: MakePicture) -> None:
    texts = PngInfo()
    texts.add_text("dpi", "72")
    picture = read_picture(encode(make_picture(1), format="PNG", pnginfo=texts), max_pixels=MAX_PIXELS)
    assert np.isfinite(VIEWS["metadata"].features(picture)).all()


@pytest.mark.parametrize("name", VIEWS)
def test_a_planted_shortcut_is_found(make_picture: MakePicture, name: str) -> None:
    assert aucs(make_picture, PLANTED[name])[name] > 0.9


def test_where_nothing_was_planted_nothing_is_found(make_picture: MakePicture) -> None:
    assert all(auc < 0.75 for auc in aucs(make_picture, encode).values())


def test_the_way_of_saving_is_seen_by_metadata_alone(make_picture: MakePicture) -> None:
    found = aucs(make_picture, PLANTED["metadata"])
    assert found["metadata"] > 0.9
    assert found["colour"] < 0.75
    assert found["borders"] < 0.75
