import pytest
from PIL import Image

from unmask.data.drawing.specimen import draw_specimen
from unmask.records import REAL
from unmask.serving.faces import Framing, cut_of, find_faces, framing_of
from unmask.serving.pictures import read_picture
from unmask.serving.verdict import Box

SIDE = 256
HALF = Framing(side=0.5, x=0.5, y=0.5)


def portrait(index: int, *, side: int = SIDE) -> Image.Image:
    return read_picture(draw_specimen(seed=3, label=REAL, index=index, image_size=side)).image


@pytest.fixture(scope="module")
def portraits() -> list[Image.Image]:
    """Drawn portraits in which a face is found: not in all, as they are drawings."""
    return [image for image in map(portrait, range(12)) if len(find_faces(image)) == 1]


def test_a_face_is_found_about_where_it_was_drawn(portraits: list[Image.Image]) -> None:
    assert len(portraits) >= 6
    for image in portraits:
        box = find_faces(image)[0]
        assert abs((box.left + box.right) / 2 - SIDE / 2) < 0.15 * SIDE
        assert 0.3 * SIDE < box.right - box.left < 0.8 * SIDE


def test_faces_in_a_large_photograph_are_found_in_its_own_pixels(portraits: list[Image.Image]) -> None:
    photograph = Image.new("RGB", (2400, 1600), (120, 130, 140))
    photograph.paste(portraits[0].resize((512, 512)), (300, 400))
    photograph.paste(portraits[1].resize((700, 700)), (1500, 500))
    first, second = find_faces(photograph)
    assert first.right - first.left > second.right - second.left
    assert 1500 < (first.left + first.right) / 2 < 2200
    assert 300 < (second.left + second.right) / 2 < 812


def test_nothing_is_found_where_no_face_is() -> None:
    assert find_faces(Image.new("RGB", (300, 200), (90, 90, 90))) == []
    assert find_faces(Image.new("RGB", (2, 3))) == []


def test_portraits_are_framed_by_their_median(portraits: list[Image.Image]) -> None:
    framing = framing_of(portraits)
    assert framing is not None
    assert 0.3 < framing.side < 0.7
    assert 0.4 < framing.x < 0.6


def test_pictures_that_are_no_portraits_have_no_framing(portraits: list[Image.Image]) -> None:
    plain = Image.new("RGB", (SIDE, SIDE))
    assert framing_of([portraits[0], plain, plain]) is None
    assert framing_of([]) is None


def test_a_cut_frames_the_face_as_in_training() -> None:
    # A face of 40 pixels takes half of the side: 80 pixels, the face's middle in their middle.
    assert cut_of(Box(100, 100, 140, 140), (400, 300), HALF) == Box(80, 80, 160, 160)


def test_a_cut_stays_within_the_picture() -> None:
    assert cut_of(Box(0, 270, 40, 310), (400, 300), HALF) == Box(0, 220, 80, 300)
    assert cut_of(Box(100, 100, 300, 300), (1000, 300), HALF) == Box(50, 0, 350, 300)  # 400 pixels are not there


@pytest.mark.parametrize("side", [50, 80, 120])
def test_a_picture_framed_as_in_training_is_not_cut(side: int) -> None:
    left = 100 - side // 2
    is_cut = cut_of(Box(left, left, left + side, left + side), (200, 200), HALF) is not None
    assert is_cut == (side == 50)  # 100 of 200 pixels; 160 and all of them are taken for the whole
