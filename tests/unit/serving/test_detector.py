import io
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from small_bundle import SIZE, make_bundle

from unmask import Detector, Verdict
from unmask.data.inspection import inspect_image
from unmask.errors import EvaluationError, ImageError
from unmask.serving.detector import AHEAD
from unmask.serving.faces import Framing
from unmask.serving.verdict import Box

IMPORT = """
import sys
from unmask import Detector
verdict, = Detector.load(sys.argv[1]).predict([sys.argv[2]])
assert verdict.label == "fake", verdict
print(*sorted({"tensorflow", "keras", "mlflow", "pandas", "sklearn", "matplotlib"} & set(sys.modules)))
"""


def encoded(grey: int, *, size: tuple[int, int] = (40, 24), **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (grey, grey, grey)).save(buffer, **{"format": "PNG", **options})
    return buffer.getvalue()


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("bundles") / "cnn")


@pytest.fixture(params=["openvino", "onnx"])
def detector(bundle: Path, request: pytest.FixtureRequest) -> Detector:
    return Detector.load(bundle, engine=request.param)


def test_verdicts_follow_the_score_and_the_threshold(detector: Detector, tmp_path: Path) -> None:
    file = tmp_path / "face.png"
    file.write_bytes(encoded(120))
    verdicts = detector.predict([encoded(100), file, encoded(104), encoded(105)])
    # Logits 0, 2, 0.4 and 0.5; sigmoid 0.5, 0.880797, 0.598688 and 0.622459; fake from 0.6 on.
    assert [verdict.label for verdict in verdicts] == ["real", "fake", "real", "fake"]
    np.testing.assert_allclose([verdict.score for verdict in verdicts], [0.5, 0.880797, 0.598688, 0.622459], atol=1e-5)
    assert {verdict.threshold for verdict in verdicts} == {0.6}


def test_a_picture_may_come_as_path_bytes_image_or_array(detector: Detector, tmp_path: Path) -> None:
    content = encoded(107)
    (tmp_path / "face.png").write_bytes(content)
    image = Image.open(io.BytesIO(content))
    forms = [content, tmp_path / "face.png", str(tmp_path / "face.png"), image, np.asarray(image)]
    assert len({verdict.score for verdict in detector.predict(forms)}) == 1


def test_a_score_on_the_threshold_is_fake(detector: Detector) -> None:
    assert detector.judge(0.6).label == "fake"
    assert detector.judge(np.nextafter(0.6, 0)).label == "real"


def test_many_pictures_keep_their_order(detector: Detector) -> None:
    greys = [90 + number % 20 for number in range(2 * AHEAD + 3)]
    scores = [verdict.score for verdict in detector.predict(encoded(grey) for grey in greys)]
    np.testing.assert_allclose(scores, [1 / (1 + np.exp(-(grey - 100) / 10)) for grey in greys], atol=1e-5)
    assert detector.predict([]) == []


def test_bad_pictures_do_not_stop_the_rest(detector: Detector, tmp_path: Path) -> None:
    absent = tmp_path / "absent.png"
    found = list(detector.stream([absent, encoded(120), b"nothing", ImageError("told before"), encoded(80), absent]))
    assert [type(one).__name__ for one in found] == [
        *("ImageError", "Verdict", "ImageError", "ImageError", "Verdict", "ImageError")
    ]
    assert str(found[0]) == f"{absent}: No such file or directory"
    assert str(found[3]) == "told before"
    assert [str(error) for error in detector.stream([b""])] == ["empty file"]


def test_errors_do_not_wait_for_a_good_picture(detector: Detector) -> None:
    taken = 0

    def pictures() -> Any:
        nonlocal taken
        for number in range(1000):
            taken += 1
            yield b"nothing" if number else encoded(100)

    stream = iter(detector.stream(pictures()))
    found = [next(stream) for _ in range(3)]
    assert [type(one).__name__ for one in found] == ["Verdict", "ImageError", "ImageError"]
    assert taken < 100
    assert sum(1 for _ in stream) == 997


def test_scores_among_many_errors_keep_their_places(detector: Detector) -> None:
    greys = [90 + number % 20 if number % 23 == 0 else None for number in range(200)]
    found = list(detector.stream([b"nothing" if grey is None else encoded(grey) for grey in greys]))
    for grey, one in zip(greys, found, strict=True):
        if grey is None:
            assert isinstance(one, ImageError)
        else:
            assert one.score == pytest.approx(1 / (1 + np.exp(-(grey - 100) / 10)), abs=1e-5)


@pytest.mark.parametrize("single", ["face.png", b"\x89PNG", Path("face.png"), Image.new("RGB", (9, 9))])
def test_a_single_picture_in_place_of_several_is_refused(detector: Detector, single: Any) -> None:
    with pytest.raises(TypeError, match=r"got a single picture; expected several: predict\(\[picture\]\)"):
        detector.predict(single)


@pytest.mark.parametrize(
    ("thing", "message"), [(None, "got NoneType; expected bytes, a path"), ("a\0b", "null byte|null character")]
)
def test_what_is_no_picture_is_refused(detector: Detector, thing: Any, message: str) -> None:
    with pytest.raises(ImageError, match=message):
        detector.predict([thing])


def test_a_stream_takes_only_a_few_pictures_ahead(detector: Detector) -> None:
    taken = 0

    def pictures() -> Any:
        nonlocal taken
        for _ in range(1000):
            taken += 1
            yield encoded(100)

    next(iter(detector.stream(pictures())))
    assert taken < 100


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1)])
def test_a_line_of_pixels_is_refused_as_the_index_refuses_it(
    detector: Detector, tmp_path: Path, size: tuple[int, int]
) -> None:
    content = encoded(50, size=size)
    (tmp_path / "line.png").write_bytes(content)
    with pytest.raises(ImageError) as by_index:
        inspect_image(content, max_pixels=10**6)
    with pytest.raises(ImageError, match=rf"line\.png: {by_index.value}"):
        detector.predict([tmp_path / "line.png"])


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((9, 9), np.uint8), r"got an array of uint8, \(9, 9\); expected uint8, \(height, width, 3\)"),
        (np.zeros((9, 9, 3), np.float32), "got an array of float32"),
        (np.zeros((9, 9, 4), np.uint8), r"\(9, 9, 4\)"),
    ],
)
def test_an_array_of_another_kind_is_refused(detector: Detector, array: np.ndarray, message: str) -> None:
    with pytest.raises(ImageError, match=message):
        detector.predict([array])


def test_a_folder_in_place_of_a_picture_is_refused(detector: Detector, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="Is a directory"):
        detector.predict([tmp_path])


def test_the_band_says_what_became_of_test_pictures_with_such_a_score(detector: Detector) -> None:
    low, middle, high = (detector.judge(score).band for score in (0.1, 0.7, 1.0))
    # 1 of 10: Wilson's interval is 0.0179 to 0.4042 (Agresti and Coull 1998, formula 2, by hand).
    assert low is not None
    assert (round(low.low, 4), round(low.high, 4), low.images) == (0.0179, 0.4042, 10)
    assert middle is None
    assert high is not None
    assert high.images == 20


def test_a_picture_worse_than_the_training_pictures_is_told(detector: Detector) -> None:
    small, poor, sound = detector.predict(
        [encoded(100, size=(15, 90)), encoded(100, format="JPEG", quality=20), encoded(100, format="JPEG", quality=90)]
    )
    assert [caution.name for caution in small.cautions] == ["small"]
    assert small.cautions[0].text.startswith("much smaller than the training pictures: 15 pixels")
    assert [caution.name for caution in poor.cautions] == ["recompressed"]
    assert sound.cautions == ()
    assert (sound.facts.width, sound.facts.height, sound.facts.jpeg_quality) == (40, 24, 90)


def test_a_picture_unlike_the_training_pictures_is_told(detector: Detector) -> None:
    near, far = detector.predict([encoded(120), encoded(150)])
    # 20 and 50 grey levels away in three channels, at a spread of 20: 1 and 2.5; usual is 2.
    assert near.distance == pytest.approx(1.0, abs=1e-4)
    assert (far.distance, [caution.name for caution in far.cautions]) == (pytest.approx(2.5, abs=1e-4), ["unlike"])


def two_faces(monkeypatch: pytest.MonkeyPatch, *boxes: Box) -> None:
    monkeypatch.setattr("unmask.serving.detector.find_faces", lambda image: list(boxes))


def test_every_face_of_a_photograph_is_judged_by_itself(detector: Detector, monkeypatch: pytest.MonkeyPatch) -> None:
    photograph = np.full((200, 300, 3), 90, np.uint8)
    photograph[50:150, 150:250] = 130  # the second face's half
    two_faces(monkeypatch, Box(40, 80, 80, 120), Box(185, 85, 215, 115))
    verdict = replace(detector, framing=Framing(side=0.5, x=0.5, y=0.5)).predict([photograph])[0]
    assert [face.box for face in verdict.faces] == [Box(185, 85, 215, 115), Box(40, 80, 80, 120)]
    assert [face.label for face in verdict.faces] == ["fake", "real"]
    assert (verdict.label, verdict.score, verdict.box) == ("fake", verdict.faces[0].score, verdict.faces[0].box)


def test_a_face_is_small_by_its_own_pixels_not_by_the_photographs(
    detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_faces(monkeypatch, Box(40, 80, 80, 120), Box(185, 85, 190, 90))
    framed = replace(detector, framing=Framing(side=0.5, x=0.5, y=0.5))
    (verdict,) = framed.predict([np.full((200, 300, 3), 100, np.uint8)])
    cautions = {face.box.left: face.caution_names for face in verdict.faces}
    assert cautions == {40: "", 185: "small"}  # cuts of 80 and 10 pixels; the training pictures have 16


def test_a_face_smaller_than_the_crop_is_left_out(detector: Detector, monkeypatch: pytest.MonkeyPatch) -> None:
    cropping = replace(
        detector, framing=Framing(side=0.5, x=0.5, y=0.5), preprocess={**detector.preprocess, "fit": "crop"}
    )
    photograph = np.full((200, 300, 3), 100, np.uint8)
    two_faces(monkeypatch, Box(40, 80, 80, 120), Box(185, 85, 190, 90))
    (verdict,) = cropping.predict([photograph])
    assert [face.box.left for face in verdict.faces] == [40]
    assert verdict.cautions[0].text == "smaller than the crop, and not judged: 1 of 2 faces"
    two_faces(monkeypatch, Box(185, 85, 190, 90))
    with pytest.raises(ImageError, match="smaller than the crop of 16 pixels"):
        cropping.predict([photograph])


def test_a_picture_without_a_face_is_judged_whole_and_says_so(
    detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_faces(monkeypatch)
    verdict = replace(detector, framing=Framing(side=0.5, x=0.5, y=0.5)).predict([encoded(120)])[0]
    assert [caution.name for caution in verdict.cautions] == ["no_face"]
    assert verdict.score == detector.predict([encoded(120)])[0].score


def test_a_portrait_is_judged_whole_as_in_training(detector: Detector, monkeypatch: pytest.MonkeyPatch) -> None:
    two_faces(monkeypatch, Box(10, 10, 30, 30), Box(0, 0, 4, 4))
    square = encoded(120, size=(40, 40))
    assert replace(detector, framing=Framing(side=0.5, x=0.5, y=0.5)).predict([square]) == detector.predict([square])


def test_a_picture_of_the_training_pictures_size_is_not_searched(
    detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_faces(monkeypatch)
    framed = replace(detector, framing=Framing(side=0.5, x=0.5, y=0.5))
    same = replace(framed, baseline=replace(framed.baseline, size=(40, 24)))
    assert [caution.name for caution in framed.predict([encoded(120)])[0].cautions] == ["no_face"]
    assert same.predict([encoded(120)])[0].cautions == ()


class Answering:
    """An engine that gives one answer, whatever it sees."""

    def __init__(self, logit: float) -> None:
        self.logit = logit

    def answers(self, pictures: Any) -> Any:
        from unmask.serving.engines.engine import NO_EMBEDDING, Answer

        return (Answer(self.logit, NO_EMBEDDING) for _ in pictures)


@pytest.mark.parametrize("logit", [float("nan"), float("inf")])
def test_an_answer_that_is_no_number_is_an_error(detector: Detector, logit: float) -> None:
    with pytest.raises(EvaluationError, match="not a finite number"):
        replace(detector, engine=Answering(logit)).predict([encoded(100)])


def test_engines_agree(bundle: Path) -> None:
    generator = np.random.default_rng(0)
    pictures = [generator.integers(0, 256, (30, 30, 3), dtype=np.uint8) for _ in range(9)]
    one, other = (Detector.load(bundle, engine=engine).predict(pictures) for engine in ("openvino", "onnx"))
    np.testing.assert_allclose([v.score for v in one], [v.score for v in other], atol=1e-6)


def test_a_detector_loads_and_judges_without_the_heavy_libraries(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "face.png").write_bytes(encoded(130, size=(SIZE, SIZE)))
    command = [sys.executable, "-c", IMPORT, str(bundle), str(tmp_path / "face.png")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_a_verdict_without_a_picture_says_so() -> None:
    assert Verdict(label="real", score=0.1, threshold=0.5).facts is None
