"""What every check of a detector's behaviour promises: it passes a sound detector, and fails a faulty one."""

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image

from unmask.data.pictures.decoding import decode, fit_image
from unmask.errors import EvaluationError, ImageError
from unmask.evaluation.calibration import Calibration
from unmask.serving.checks import CHECKS, check_all
from unmask.serving.checks.encoding import MAX_WEBP_PIXELS, as_webp
from unmask.serving.checks.finding import Finding, Pictures, found, scores
from unmask.serving.detector import Detector, View
from unmask.serving.engines.network import Network
from unmask.serving.faces import Framing
from unmask.serving.pictures import MAX_PIXELS
from unmask.serving.verdict import Box, Facts, Verdict

SIZE = 16
PREPROCESS = {"image_size": SIZE, "fit": "resize", "resample": "box", "equalise": 0}
FORMATS = ({"format": "JPEG", "quality": 85}, {"format": "PNG"}, {"format": "WEBP", "quality": 80})
every_check = pytest.mark.parametrize("name", CHECKS)


def network(logits_of: Callable[[Any], Any]) -> Network:
    """A network of a few operations: images (batch, height, width, 3) to logits (batch,)."""
    images = keras.Input((SIZE, SIZE, 3))
    return Network(keras.Model(images, keras.ops.expand_dims(logits_of(images), -1)))


def brightness(images: Any) -> Any:
    return (keras.ops.mean(images, axis=(1, 2, 3)) - 128.0) / 10.0


def redness(images: Any) -> Any:
    return keras.ops.mean(images[..., 0] - images[..., 2], axis=(1, 2)) / 10.0


def left_half(images: Any) -> Any:
    return keras.ops.mean(images[:, :, : SIZE // 2] - images[:, :, SIZE // 2 :], axis=(1, 2, 3)) / 10.0


FACTS = Facts(width=1, height=1, jpeg_quality=None, brightness=0.0)
SOUND = Detector("cnn", network(brightness), threshold=0.5, preprocess=PREPROCESS)


@dataclass(frozen=True)
class Loading(Detector):
    """A detector that loads pictures in its own way."""

    load_file: Callable[[bytes], np.ndarray] = lambda content: np.empty(0)

    def views_or_error(self, source: Any) -> list[View]:
        return [View(self.load_file(source), FACTS)]


@dataclass(frozen=True)
class Sorting(Detector):
    """A detector that gives its verdicts in an order of its own."""

    def predict(self, images: Any) -> list[Verdict]:
        return super().predict(sorted(images))


def loading(load_file: Callable[[bytes], np.ndarray], *, logits_of: Callable[[Any], Any] = brightness) -> Detector:
    return Loading("cnn", network(logits_of), threshold=0.5, preprocess=PREPROCESS, load_file=load_file)


def seen(content: bytes, *, resample: str = "box", fit: str = "resize") -> np.ndarray:
    return fit_image(decode(content, max_pixels=MAX_PIXELS), size=SIZE, fit=fit, resample=resample)


def by_size(content: bytes) -> np.ndarray:
    return seen(content) // 2 + len(content) // 1000


def by_note(content: bytes) -> np.ndarray:
    notes = Image.open(io.BytesIO(content)).info
    return seen(content) // 2 + 50 * bool({"comment", "Comment"} & set(notes))


def by_what_follows(content: bytes) -> np.ndarray:
    return seen(content) // 2 + 50 * content.endswith(bytes(100))


def by_format(content: bytes) -> np.ndarray:
    return seen(content)[..., :: -1 if content.startswith(b"RIFF") else 1]  # WebP read as blue, green, red


def sound_with(**changes: Any) -> Detector:
    return replace(SOUND, **changes)


# Each check and detectors of which it must complain.
FAULTS: dict[str, dict[str, Detector]] = {
    "flip": {
        "looks at the left half": sound_with(engine=network(left_half)),
        "mirrors upside down": sound_with(engine=network(lambda x: (left_half(x) + left_half(x[:, ::-1])) / 2)),
        "forgets the mirror's share": sound_with(engine=network(lambda x: left_half(x) + left_half(x[:, :, ::-1]) / 3)),
    },
    "imperceptible": {
        "hangs on a hundredth of a grey level": sound_with(
            engine=network(lambda x: 4 * keras.ops.sin(1000 * keras.ops.mean(x, axis=(1, 2, 3))))
        ),
        "counts odd numbers": sound_with(
            engine=network(lambda x: 40 * (keras.ops.mean(keras.ops.mod(x, 2.0), axis=(1, 2, 3)) - 0.5))
        ),
    },
    "lossless": {
        "reads WebP as blue, green, red": loading(by_format, logits_of=redness),
        "goes by the file's size": loading(by_size),
    },
    "batch": {
        "adds the mean of its batch": sound_with(
            engine=network(lambda x: brightness(x) + keras.ops.mean(brightness(x), keepdims=True))
        ),
        "normalises over its batch": sound_with(
            engine=network(lambda x: brightness(x) / (1 + keras.ops.std(brightness(x), keepdims=True)))
        ),
        "judges in another order": Sorting("cnn", network(brightness), threshold=0.5, preprocess=PREPROCESS),
    },
    "same_pixels": {
        "resizes by another filter": loading(lambda content: seen(content, resample="lanczos")),
        "cuts where training resized": loading(lambda content: seen(content, fit="crop")),
        "takes blue for red": loading(lambda content: seen(content)[..., ::-1], logits_of=redness),
        "forgets to equalise": replace(loading(seen), preprocess={**PREPROCESS, "equalise": 30}),
    },
    "stored_scores": {
        "is another network": sound_with(engine=network(lambda x: brightness(x) + 0.01)),
        "is calibrated otherwise": sound_with(calibration=Calibration(slope=1.01)),
        "resizes by another filter": loading(lambda content: seen(content, resample="lanczos")),
    },
    "file_size": {
        "goes by the file's size": loading(by_size),
        "reads notes": loading(by_note),
        "reads what follows": loading(by_what_follows),
    },
}
ALL_FAULTS = [(name, fault) for name, faults in FAULTS.items() for fault in faults]


def picture(seed: int) -> bytes:
    """Smooth noise; every third is of the network's own size, so that its bytes are stored as they are."""
    generator = np.random.default_rng(seed)
    noise = generator.integers(0, 256, (6, 6, 3), dtype=np.uint8) // 2 + generator.integers(0, 128, dtype=np.uint8)
    size = (SIZE, SIZE) if seed % 3 == 0 else (50, 37)
    buffer = io.BytesIO()
    Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC).save(buffer, **FORMATS[seed // 3 % 3])
    return buffer.getvalue()


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    contents = tuple(map(picture, range(12)))
    return Pictures(contents, stored_scores=tuple(scores(SOUND, contents)))


@every_check
def test_a_sound_detector_passes(name: str, pictures: Pictures) -> None:
    finding = CHECKS[name].check(SOUND, pictures)
    assert finding.value is not None
    assert 0 <= finding.value <= finding.limit
    assert finding.is_passed


@every_check
def test_a_finding_carries_the_tables_name_the_limit_and_a_statement(name: str, pictures: Pictures) -> None:
    finding = CHECKS[name].check(SOUND, pictures)
    assert (finding.name, finding.limit) == (name, CHECKS[name].LIMIT)
    assert finding.statement


@every_check
def test_a_check_finds_the_same_again(name: str, pictures: Pictures) -> None:
    assert CHECKS[name].check(SOUND, pictures) == CHECKS[name].check(SOUND, pictures)


def test_every_check_has_detectors_that_it_must_fail() -> None:
    assert sorted(FAULTS) == sorted(CHECKS)
    assert all(FAULTS.values())


@pytest.mark.parametrize(("name", "fault"), ALL_FAULTS)
def test_a_faulty_detector_fails(name: str, fault: str, pictures: Pictures) -> None:
    finding = CHECKS[name].check(FAULTS[name][fault], pictures)
    assert finding.value is not None
    assert finding.value > finding.limit
    assert not finding.is_passed


def test_scores_of_these_pictures_differ_so_that_a_change_can_show(pictures: Pictures) -> None:
    found_scores = scores(SOUND, pictures.contents)
    assert found_scores.std() > 0.1
    assert np.unique(found_scores.round(4)).size == len(found_scores)


def test_a_sound_detector_of_equalised_pictures_passes(pictures: Pictures) -> None:
    equalised = sound_with(preprocess={**PREPROCESS, "equalise": 30})
    findings = check_all(equalised, Pictures(pictures.contents, tuple(scores(equalised, pictures.contents))))
    assert [finding.name for finding in findings] == list(CHECKS)
    assert all(finding.is_passed for finding in findings)


def test_without_stored_scores_the_check_says_why_it_was_left_out(pictures: Pictures) -> None:
    finding = CHECKS["stored_scores"].check(SOUND, Pictures(pictures.contents, reason="there is no archive"))
    assert (finding.value, finding.is_passed, finding.reason) == (None, True, "there is no archive")


def test_a_network_of_16_bits_may_differ_more_from_what_was_stored(pictures: Pictures) -> None:
    assert CHECKS["stored_scores"].check(sound_with(is_half=True), pictures).limit == 0.02


def test_what_is_no_number_does_not_pass() -> None:
    assert found("flip", "holds", value=float("nan"), limit=0.05) == Finding(
        "flip", "holds", pytest.approx(np.nan, nan_ok=True), 0.05, is_passed=False
    )


def test_a_detector_whose_training_diverged_is_an_error(pictures: Pictures) -> None:
    diverged = sound_with(engine=network(lambda x: brightness(x) / 0.0))
    with pytest.raises(EvaluationError, match="not a finite number"):
        check_all(diverged, pictures)


def test_a_picture_too_large_for_a_webp_is_an_error() -> None:
    with pytest.raises(ImageError, match=r"16384x1: a side is longer than the 16383 pixels"):
        as_webp(np.zeros((1, MAX_WEBP_PIXELS + 1, 3), dtype=np.uint8))


def test_a_detector_that_looks_for_faces_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unmask.serving.detector.find_faces", lambda image: [Box(2, 2, 8, 8)])
    framed = replace(SOUND, framing=Framing(side=0.9, x=0.5, y=0.5))
    contents = [picture(seed) for seed in range(1, 9)]
    assert scores(framed, contents).tolist() != scores(SOUND, contents).tolist()  # faces are judged, not pictures
    assert CHECKS["same_pixels"].check(framed, Pictures(contents)).is_passed
