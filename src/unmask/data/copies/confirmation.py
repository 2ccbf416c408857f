"""Whether two pictures really are copies: laid over each other, their details must agree.

Perceptual hashes only propose. Here one picture is moved and scaled over the other until their details fit best
(Gauss-Newton on the four numbers of a crop; Baker and Matthews, "Lucas-Kanade 20 years on", IJCV 2004, section 3.2),
and what is left is compared. Aligned faces of different people agree in their coarse shading, so that is taken away
first: only details count.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.ndimage import gaussian_filter

from unmask.data.archives.contents import locate
from unmask.data.archives.entries import Entry
from unmask.data.archives.reader import ArchiveReader
from unmask.data.parallel import in_chunks, map_in_order, worthwhile_workers
from unmask.data.pictures.decoding import decode
from unmask.errors import ArchiveError, ImageError

SIDE = 96  # pixels on which pictures are compared
COARSE_STEPS, FINE_STEPS = 5, 4
COARSE_BLUR, FINE_BLUR, SHADING_BLUR = 1.2, 0.7, 2.0  # pixels of `SIDE`
LEAST_SHARE = 0.85  # of a side that a crop leaves
EDGE = 2  # pixels at each border, where blurs meet nothing, that are not compared
PAIRS_PER_WORKER = 500  # a process takes about as long to start as these many pairs take
CHUNK_PAIRS = 50

Shares = tuple[float, float, float, float]
Box = npt.NDArray[np.float64]
Details = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Question:
    """Two members that may show the same picture.

    Attributes:
        whole: a member.
        other: another, of which the first may show a part.
        is_mirrored: whether the first is its mirror image.
        start: left, top, width and height of about that part, as shares.
    """

    whole: str
    other: str
    is_mirrored: bool
    start: Shares


@dataclass(frozen=True)
class Agreement:
    """How well one picture fits onto another.

    Attributes:
        similarity: correlation of their details, in [-1, 1].
        box: left, top, width and height of what the first shows of the second, as shares.
    """

    similarity: float
    box: Shares


def confirm(archive: Path, questions: Sequence[Question], *, workers: int, max_pixels: int) -> list[Agreement]:
    """Looks at pairs of members of an archive.

    Args:
        archive: the zip that holds them.
        questions: which two, and how one may show the other.
        workers: how many processes look; 0 means one for each core. A few pairs are looked at in this one.
        max_pixels: the most pixels that will be decoded.

    Returns:
        How well each two agree, in their order.

    Raises:
        ArchiveError: a member cannot be read.
        WorkerError: a process died.
    """
    names = sorted({name for asked in questions for name in (asked.whole, asked.other)})
    entries = dict(zip(names, locate(archive, names), strict=True)) if names else {}
    pairs = [(asked, entries[asked.whole], entries[asked.other]) for asked in questions]
    workers = worthwhile_workers(workers, units=len(pairs), units_each=PAIRS_PER_WORKER)
    look = partial(look_at_pairs, archive, max_pixels=max_pixels)
    chunks = map_in_order(look, in_chunks(pairs, CHUNK_PAIRS), workers=workers)
    return [answer for answers in chunks for answer in answers]


def look_at_pairs(archive: Path, pairs: Sequence[tuple[Question, Entry, Entry]], *, max_pixels: int) -> list[Agreement]:
    """Looks at one chunk of pairs in a worker; see `confirm`."""
    answers = []
    with ArchiveReader(archive) as reader:
        for asked, *entries in pairs:
            whole, other = (read_luminance(reader, entry, max_pixels=max_pixels) for entry in entries)
            if asked.is_mirrored:
                whole = whole.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            answers.append(agree(whole, other, start=asked.start))
    return answers


def read_luminance(reader: ArchiveReader, entry: Entry, *, max_pixels: int) -> Image.Image:
    """Decodes a member to mode L."""
    try:
        return decode(reader.read(entry), max_pixels=max_pixels).convert("L")
    except ImageError as error:
        raise ArchiveError(f"{entry.name} cannot be read any more: {error}; run the index stage again") from error


def agree(whole: Image.Image, other: Image.Image, *, start: Shares) -> Agreement:
    """Lays a picture over a part of another and compares them.

    Args:
        whole: mode L, any size.
        other: mode L, any size.
        start: left, top, width and height of about the part of `other` that `whole` shows, as shares.

    Returns:
        The best that was found near the start.
    """
    box = np.asarray(start, dtype=np.float64)
    everything = np.array([0.0, 0.0, 1.0, 1.0])
    best = Agreement(similarity=-1.0, box=start)
    for blur, steps in ((COARSE_BLUR, COARSE_STEPS), (FINE_BLUR, FINE_STEPS)):
        target = details(whole, everything, blur=blur)
        best = Agreement(similarity=-1.0, box=best.box)
        box = np.asarray(best.box)
        for step in range(steps + 1):
            sample = details(other, box, blur=blur)
            similarity = correlation(target, sample)
            if similarity > best.similarity:
                best = Agreement(similarity=similarity, box=tuple(box.tolist()))
            if step < steps:
                box = clip(box + improvement(target, sample, box))
    return best


def details(image: Image.Image, box: Box, *, blur: float) -> Details:
    """Brings a part of a picture to `SIDE` pixels, and takes its shading and its contrast away.

    Args:
        image: mode L.
        box: left, top, width and height, as shares.
        blur: pixels; takes away what is finer.

    Returns:
        details: (SIDE, SIDE), mean 0 and norm 1; all 0 where there are none.
    """
    left, top, width, height = box
    corners = (
        left * image.width,
        top * image.height,
        min(left + width, 1.0) * image.width,
        min(top + height, 1.0) * image.height,
    )
    small = image.resize((SIDE, SIDE), Image.Resampling.BILINEAR, box=corners).convert("F")
    fine = gaussian(np.asarray(small), blur)
    left_over = (fine - gaussian(fine, SHADING_BLUR))[EDGE:-EDGE, EDGE:-EDGE]
    left_over = left_over - left_over.mean()
    norm = float(np.linalg.norm(left_over))
    return np.asarray(left_over / norm if norm > 0 else left_over, dtype=np.float32)


def gaussian(pixels: Details, blur: float) -> Details:
    """Blurs."""
    return np.asarray(gaussian_filter(pixels, blur, mode="nearest", truncate=3.0))


def correlation(left: Details, right: Details) -> float:
    """Gives the correlation of two pictures' details."""
    return float((left * right).sum())


def improvement(target: Details, sample: Details, box: Box) -> Box:
    """Gives the change of the box that brings the sample nearest to the target, to first order.

    Args:
        target: (side, side), details.
        sample: (side, side), details, of the box.
        box: left, top, width and height, as shares.

    Returns:
        change: of the box.
    """
    down, across = np.gradient(sample)
    place = (np.arange(len(sample)) + EDGE + 0.5) / SIDE
    across = across * (SIDE / box[2])
    down = down * (SIDE / box[3])
    slopes = np.stack([across, down, across * place[None, :], down * place[:, None]]).reshape(4, -1).astype(np.float64)
    normal = slopes @ slopes.T
    residual = slopes @ (target - sample).ravel().astype(np.float64)
    # A little of the diagonal added: a picture without details in one direction has no answer there.
    damping = 1e-3 * np.trace(normal) / 4 + 1e-12
    return np.asarray(np.linalg.solve(normal + damping * np.eye(4), residual))


def clip(box: Box) -> Box:
    """Keeps a box inside the picture, and large."""
    size = np.clip(box[2:], LEAST_SHARE, 1.0)
    corner = np.clip(box[:2], 0.0, 1.0 - size)
    return np.concatenate([corner, size])
