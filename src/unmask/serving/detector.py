"""A trained model, ready to judge pictures from outside the pipeline exactly as the pipeline judged its own."""

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import Image

from unmask.data.pictures.decoding import LUMINANCE, Pixels
from unmask.data.pictures.equalise import seen_of
from unmask.errors import EvaluationError, ImageError
from unmask.evaluation.calibration import Calibration
from unmask.records import FAKE, LABEL_NAMES, REAL
from unmask.serving.baseline import Baseline
from unmask.serving.engines.engine import Answer, Engine
from unmask.serving.faces import Framing, cut_of, find_faces
from unmask.serving.pictures import Picture, PictureLike, read_picture
from unmask.serving.verdict import Box, Caution, Facts, Verdict, band_of

Item = TypeVar("Item")
Result = TypeVar("Result")

READERS = 4  # threads that decode ahead of the engine
AHEAD = 16  # pictures, at most, that wait for it decoded, and errors in a row that wait to be told


@dataclass(frozen=True)
class View:
    """What of a picture is judged: all of it, or one face.

    Attributes:
        pixels: (size, size, 3), uint8, as the network sees it.
        box: the face; None for the whole picture.
        region: of the picture, as shown, that the pixels were made of; None where nobody asked.
        facts: of the picture.
        cautions: what is to be said of this part of the picture.
    """

    pixels: Pixels
    facts: Facts
    box: Box | None = None
    region: Box | None = None
    cautions: tuple[Caution, ...] = ()


@dataclass(frozen=True)
class Detector:
    """A loaded model with its threshold and its way of bringing a picture to size.

    Attributes:
        name: the model's name.
        engine: computes logits of pictures that were brought to size.
        threshold: scores from here on mean "fake".
        preprocess: `image_size`, `fit`, `resample` and `equalise`, as in training.
        calibration: what turns logits into scores, as the evaluation fitted it.
        model_sha256: of the model file that was evaluated, in hexadecimal.
        baseline: what the model learnt from and how it did, for cautions and bands.
        is_half: whether the evaluation computed with 16 bits, so that it may differ from what is said here.
        framing: how the training pictures frame a face; None: faces are not looked for, the whole picture is judged.
    """

    name: str
    engine: Engine
    threshold: float
    preprocess: dict[str, Any]
    calibration: Calibration = field(default_factory=Calibration)
    model_sha256: str = ""
    baseline: Baseline = field(default_factory=Baseline)
    framing: Framing | None = None
    is_half: bool = False

    @classmethod
    def load(cls, source: str | Path = "champion", *, engine: str = "openvino", root: Path | None = None) -> "Detector":
        """Loads a detector.

        Args:
            source: a bundle's folder; a model's name or "champion", of the checkout; an alias of MLflow's registry,
                "unmask@champion"; or a file of `unmask export`.
            engine: what computes: "openvino", "onnx" or "int8".
            root: the checkout; None: the current folder.

        Returns:
            A detector, loaded without TensorFlow, unless it is of such a file.

        Raises:
            EvaluationError: there is none, or a file of it is missing or damaged.
            ConfigError: there is no such engine.
            TrackingError: the registry has no such alias, or does not answer.

        Example:
            verdict, = Detector.load("bundles/cnn").predict(["face.jpg"])
        """
        from unmask.serving.locate import locate  # it makes detectors

        checkout = root or Path()
        return locate(str(source), bundles=checkout / "bundles", reports=checkout / "reports", engine=engine)

    def predict(self, images: Iterable[PictureLike]) -> list[Verdict]:
        """Judges pictures.

        Args:
            images: encoded JPEG, PNG or WebP; paths of such files; images of Pillow's; pixels (height, width, 3) uint8,
                RGB. Of any size.

        Returns:
            One verdict for each, in the same order.

        Raises:
            ImageError: a picture is missing, damaged or refused; a file is named.
            EvaluationError: the model gave something else than one finite logit a picture.
            TypeError: a single picture was given.
        """
        if isinstance(images, str | bytes | Path | Image.Image):
            raise TypeError("got a single picture; expected several: predict([picture])")
        verdicts = []
        for verdict in self.stream(images):
            if isinstance(verdict, ImageError):
                raise verdict
            verdicts.append(verdict)
        return verdicts

    def stream(self, images: Iterable[PictureLike | ImageError]) -> Iterator[Verdict | ImageError]:
        """Judges pictures as they come, a few at a time in memory; a bad one does not stop the rest.

        Args:
            images: see `predict`; an error in the place of a picture is passed on.

        Yields:
            For each picture in order its verdict, or why there is none.

        Raises:
            EvaluationError: the model gave something else than one finite logit a picture.
        """
        viewed = in_order(self.views_or_error, images)
        waiting: deque[list[View] | ImageError] = deque()

        def pixels() -> Iterator[Pixels]:
            """Ends after a few errors in a row, so that they do not wait for the answer to a good picture."""
            errors = 0
            for views in viewed:
                waiting.append(views)
                if not isinstance(views, ImageError):
                    errors = 0
                    yield from (view.pixels for view in views)
                elif (errors := errors + 1) == AHEAD:
                    return

        while True:
            found: list[Verdict] = []
            for answer in self.engine.answers(pixels()):
                while isinstance(views := waiting[0], ImageError):
                    waiting.popleft()
                    yield views
                found.append(self.judge_view(answer, views[len(found)]))
                if len(found) == len(views):
                    waiting.popleft()
                    yield summary(found)
                    found = []
            if not waiting:
                return
            yield from (left for left in waiting if isinstance(left, ImageError))
            waiting.clear()

    def judge_view(self, answer: Answer, view: View) -> Verdict:
        """Turns the network's answer into a verdict on a part of a picture.

        Raises:
            EvaluationError: it is not a finite number.
        """
        if not math.isfinite(answer.logit):
            raise EvaluationError("the model's answer is not a finite number: its training has diverged")
        verdict = self.judge(self.calibration.score(np.array([answer.logit])).item())
        distance = self.baseline.distance(answer.embedding)
        cautions = (*view.cautions, *self.baseline.unlike(distance))
        return replace(verdict, cautions=cautions, box=view.box, distance=distance, facts=view.facts)

    def judge(self, score: float) -> Verdict:
        """Turns a score into a verdict."""
        label = FAKE if score >= self.threshold else REAL
        band = band_of(score, self.baseline.bins)
        return Verdict(label=LABEL_NAMES[label], score=score, threshold=self.threshold, band=band)

    def views_or_error(self, source: PictureLike | ImageError) -> list[View] | ImageError:
        """Gives `views`, or why there are none; an error stays one."""
        if isinstance(source, ImageError):
            return source
        try:
            return self.views(read_picture(source))
        except ImageError as error:
            return error

    def views(self, picture: Picture) -> list[View]:
        """Gives what of a picture is judged: each of its faces, or all of it.

        Raises:
            ImageError: it is smaller than the crop.
        """
        size = picture.image.size
        if self.framing is None or size == self.baseline.size:  # the very size of the crops that training has
            return [self.view(picture)]
        faces = find_faces(picture.image)
        if not faces:
            caution = Caution("no_face", "no face was found: the whole picture was judged")
            return [self.view(picture, cautions=(caution,))]
        cuts = [cut_of(face, size, self.framing) for face in faces]
        if cuts[0] is None:  # a portrait, whatever is behind it
            return [self.view(picture)]
        return self.views_of_faces(picture, [(face, cut) for face, cut in zip(faces, cuts, strict=True) if cut])

    def views_of_faces(self, picture: Picture, faces: Sequence[tuple[Box, Box]]) -> list[View]:
        """Gives the faces of a photograph, each with its cut, that are large enough to be judged.

        Raises:
            ImageError: none is as large as the crop.
        """
        large = [(face, cut) for face, cut in faces if self.fits(cut)] or faces[:1]
        cautions: tuple[Caution, ...] = ()
        if left := len(faces) - len(large):
            cautions = (Caution("left_out", f"smaller than the crop, and not judged: {left} of {len(faces)} faces"),)
        return [self.view(picture, box=face, cut=cut, cautions=cautions) for face, cut in large]

    def fits(self, cut: Box) -> bool:
        """Whether a part of a picture can be brought to what the network sees."""
        side = min(cut.right - cut.left, cut.bottom - cut.top)
        return self.preprocess["fit"] != "crop" or side >= int(self.preprocess["image_size"])

    def view(
        self, picture: Picture, *, cautions: tuple[Caution, ...] = (), box: Box | None = None, cut: Box | None = None
    ) -> View:
        """Gives what the network sees of a picture, or of a part of it, and what is to be said of that."""
        image = picture.image if cut is None else picture.image.crop((cut.left, cut.top, cut.right, cut.bottom))
        cautions = (*self.baseline.cautions(side=min(image.size), quality=picture.quality), *cautions)
        pixels = seen_of(image, self.preprocess)
        region = seen_part(cut or Box(0, 0, *picture.image.size), self.preprocess)
        return View(pixels, facts_of(picture, pixels), box=box, region=region, cautions=cautions)


def seen_part(part: Box, preprocess: Mapping[str, Any]) -> Box:
    """Says what of a part of a picture the network sees: the centred square that `fit_image` takes."""
    width, height = part.right - part.left, part.bottom - part.top
    side = min(width, height) if preprocess["fit"] == "resize" else int(preprocess["image_size"])
    left, top = part.left + (width - side) // 2, part.top + (height - side) // 2
    return Box(left, top, left + side, top + side)


def facts_of(picture: Picture, pixels: Pixels) -> Facts:
    """Measures a picture, and what the network sees of it."""
    width, height = picture.image.size
    # Colour by colour: ten times as fast as NumPy's mean over both axes, and as exact.
    sums = np.array([pixels[..., colour].sum(dtype=np.uint32) for colour in range(3)])
    brightness = float(sums / (pixels.size // 3) @ LUMINANCE)
    return Facts(width, height, picture.quality, brightness)


def in_order(
    function: Callable[[Item], Result], items: Iterable[Item], *, threads: int = READERS, ahead: int = AHEAD
) -> Iterator[Result]:
    """Applies a function in a few threads, a few items ahead of the results, which keep the items' order."""
    waiting = iter(items)
    first = list(islice(waiting, 1))
    second = list(islice(waiting, 1))
    if not second:  # a single picture is not worth a thread
        yield from map(function, first)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="reader") as pool:
        pending: deque[Future[Result]] = deque()
        for item in chain(first, second, waiting):
            pending.append(pool.submit(function, item))
            if len(pending) >= ahead:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def summary(verdicts: Sequence[Verdict]) -> Verdict:
    """Gives a picture's verdict: that on the whole of it, or that on its face most likely fake."""
    if len(verdicts) == 1 and verdicts[0].box is None:
        return verdicts[0]
    faces = sorted(verdicts, key=lambda verdict: -verdict.score)
    return replace(faces[0], faces=tuple(faces))
