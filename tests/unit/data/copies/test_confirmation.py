import io
import itertools

from PIL import Image

from unmask.data.copies.confirmation import agree
from unmask.data.copies.search import LEAST_SIMILARITY
from unmask.data.drawing.specimen import draw_specimen
from unmask.records import REAL

WHOLE = (0.0, 0.0, 1.0, 1.0)


def face(index):
    content = draw_specimen(seed=3, label=REAL, index=index, image_size=128)
    return Image.open(io.BytesIO(content)).convert("L")


def test_copies_of_a_drawn_face_are_accepted():
    picture = face(0)
    assert agree(picture.resize((90, 90)), picture, start=WHOLE).similarity > 0.9
    assert agree(picture.crop((3, 3, 125, 125)), picture, start=WHOLE).similarity > 0.9


def test_different_drawn_faces_are_refused():
    faces = [face(index) for index in range(8)]
    for one, other in itertools.pairwise(faces):
        assert agree(one, other, start=WHOLE).similarity < LEAST_SIMILARITY
