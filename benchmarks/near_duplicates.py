"""Measures the search for copies: recall and precision on planted ones, and what it costs at the full size.

    python -m benchmarks.near_duplicates
    python -m benchmarks.near_duplicates --distance 32

The second is a trial at another limit of `split.near_duplicate_distance`; it leaves the benchmark's file alone. Drawn
faces are always searched, and real photographs where `UNMASK_REAL_DATA` is set.
"""

import argparse
import io
import os
import shutil
import sys
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image

from benchmarks import comparison, memory
from benchmarks.comparison import Comparison, compare
from benchmarks.generated_jpegs import NUM_KAGGLE_IMAGES
from unmask import environment
from unmask.config import IndexConfig, SampleConfig
from unmask.config import load as load_parameters
from unmask.console import run_stage
from unmask.data.copies.hashes import hash_views
from unmask.data.copies.near_pairs import near_pairs
from unmask.data.copies.search import find_copies
from unmask.data.index import index_archive
from unmask.data.parallel import count_workers
from unmask.data.pictures.thumbnails import SIDE, ThumbnailFile, read_thumbnails
from unmask.data.sources.sample import write_archive

NAME = "near-duplicates"
FOLDER = Path("benchmarks/tmp") / NAME
PARAMETERS = Path("params.yaml")
DRAWN = SampleConfig(images=1050, image_size=128, seed=19)  # not the seed of `params.yaml`, which others look at
PHOTOGRAPHS = "photoshop.zip"  # nothing of the search was tuned on it
INDEX = IndexConfig(workers=0, max_pixels=40_000_000, max_reject_share=0.0)
SEED = 5
RECALL_BAR, PRECISION_BAR = 0.95, 0.99
SEARCH_LIMIT_SECONDS = 20.0
MEMORY_LIMIT_BYTES = 1.5e9
MEGABYTE = 1e6
CROP = 0.05  # of a side
REQUIRED = ("required", 1.0)

Random = np.random.Generator
Change = Callable[[Image.Image, Random], Image.Image]


@dataclass(frozen=True)
class Kind:
    """One way to make a copy.

    Attributes:
        change: what it does to the picture before it is saved anew.
        quality: of the JPEG, lowest and highest.
        at_least: the bar for its recall; None where it is only told.
    """

    change: Change
    quality: tuple[int, int]
    at_least: float | None


def resized(image: Image.Image, random: Random) -> Image.Image:
    """Makes it 0.5 to 1.6 times as large, by any of three kernels."""
    share = random.uniform(0.5, 1.6)
    kernel = random.choice([Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS])
    return image.resize((round(image.width * share), round(image.height * share)), Image.Resampling(kernel))


def mirrored(image: Image.Image, _: Random) -> Image.Image:
    """Mirrors it."""
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def cut(image: Image.Image, top: float, left: float) -> Image.Image:
    """Takes 5% off each side, at the given share of it from the top and the left."""
    width, height = round(image.width * (1 - CROP)), round(image.height * (1 - CROP))
    x, y = round(left * (image.width - width)), round(top * (image.height - height))
    return image.crop((x, y, x + width, y + height))


def cut_centre(image: Image.Image, _: Random) -> Image.Image:
    """Takes half of 5% off at each edge."""
    return cut(image, 0.5, 0.5)


def cut_anywhere(image: Image.Image, random: Random) -> Image.Image:
    """Takes 5% off each side, shared out at random between its two ends."""
    top, left = random.uniform(size=2)
    return cut(image, top, left)


KINDS = {
    "saved anew, JPEG q30-95": Kind(lambda image, _: image, (30, 95), RECALL_BAR),
    "resized 0.5-1.6 times": Kind(resized, (75, 95), RECALL_BAR),
    "mirrored": Kind(mirrored, (90, 90), RECALL_BAR),
    "cropped 5%, centred": Kind(cut_centre, (75, 95), RECALL_BAR),
    "cropped 5%, anywhere": Kind(cut_anywhere, (75, 95), RECALL_BAR),
    "mirrored, saved anew q30-95": Kind(mirrored, (30, 95), None),
    "cropped 5% anywhere, mirrored": Kind(
        lambda image, random: mirrored(cut_anywhere(image, random), random), (75, 95), None
    ),
}


def main() -> None:
    """Plants, searches, writes the file."""
    arguments = read_arguments()
    if arguments.thumbnails:
        search(arguments.thumbnails, distance=arguments.distance)
        return
    kept = load_parameters(PARAMETERS).split.near_duplicate_distance
    distance = kept if arguments.distance is None else arguments.distance
    lines = measure(distance)
    is_whole = distance == kept
    comparison.report(NAME, lines, trial="" if is_whole else f"{distance} bits")


def read_arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--distance", type=int, help="bits; the one of params.yaml unless given")
    parser.add_argument("--thumbnails", type=Path, help="only search these, for the measure of time and memory")
    parser.add_argument("--debug", action="store_true", help="shows tracebacks")
    return parser.parse_args()


def measure(distance: int) -> list[Comparison]:
    """Measures what is found, then what the search costs."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    write_archive(FOLDER / "drawn.zip", DRAWN, workers=2)
    lines = found_lines("drawn faces", members_of(FOLDER / "drawn.zip"), distance=distance)
    real_data = environment.read().real_data
    if real_data is not None:
        photographs = members_of(real_data / PHOTOGRAPHS, start="real/")
        lines += found_lines("photographs", photographs, distance=distance)
    return lines + cost_lines(distance)


def members_of(archive: Path, *, start: str = "") -> dict[str, bytes]:
    """Reads the images of a zip whose names start so."""
    with zipfile.ZipFile(archive) as opened:
        return {name: opened.read(name) for name in sorted(opened.namelist()) if name.startswith(start)}


def found_lines(what: str, originals: Mapping[str, bytes], *, distance: int) -> list[Comparison]:
    """Plants a copy of each picture, the kinds in turn, and tells recall by kind and precision."""
    archive = FOLDER / f"{what.replace(' ', '-')}.zip"
    planted = plant(archive, originals)
    pairs = search_archive(archive, distance=distance)
    pairs.to_csv(archive.with_suffix(".csv"), index=False)
    names = set(zip(pairs["left"], pairs["right"], strict=True))
    lines = []
    for name, kind in KINDS.items():
        asked = [pair for pair, its_kind in planted.items() if its_kind == name]
        recall = sum(pair in names for pair in asked) / len(asked)
        told = f"{what}: recall, {name} ({len(asked)} copies)"
        lines.append(compare(told, [recall], peer=REQUIRED, at_least=kind.at_least, unit="share", better="higher"))
    precision = sum(pair in planted for pair in names) / max(1, len(names))
    told = f"{what}: precision ({len(names)} pairs found)"
    lines.append(compare(told, [precision], peer=REQUIRED, at_least=PRECISION_BAR, unit="share", better="higher"))
    return lines


def plant(archive: Path, originals: Mapping[str, bytes]) -> dict[tuple[str, str], str]:
    """Writes an archive of pictures and one copy of each.

    Returns:
        Each planted pair's kind, the pair sorted as `records.COPY_COLUMNS` are.
    """
    random = np.random.default_rng(SEED)
    kinds = list(KINDS)
    planted = {}
    with zipfile.ZipFile(archive, "w") as opened:
        for number, (name, content) in enumerate(originals.items()):
            original, copy = f"real/original-{name.replace('/', '-')}", f"fake/copy-{name.replace('/', '-')}"
            kind = kinds[number % len(kinds)]
            opened.writestr(original, content)
            opened.writestr(copy, copied(content, KINDS[kind], random))
            left, right = sorted((original, copy))
            planted[left, right] = kind
    return planted


def copied(content: bytes, kind: Kind, random: Random) -> bytes:
    """Makes one copy."""
    with Image.open(io.BytesIO(content)) as image:
        changed = kind.change(image.convert("RGB"), random)
    lowest, highest = kind.quality
    buffer = io.BytesIO()
    changed.save(buffer, "JPEG", quality=int(random.integers(lowest, highest + 1)))
    return buffer.getvalue()


def search_archive(archive: Path, *, distance: int) -> pd.DataFrame:
    """Finds copies as `index` and `split` do."""
    path = archive.with_suffix(".npy")
    with ThumbnailFile(path) as file:
        records = index_archive(archive, INDEX, thumbnails=file).records
    thumbnails = read_thumbnails(path, num_images=len(records))
    return find_copies(
        records, thumbnails, archive, distance=distance, workers=INDEX.workers, max_pixels=INDEX.max_pixels
    )


def cost_lines(distance: int) -> list[Comparison]:
    """Hashes and searches as many pictures as Kaggle's set has, in a process of its own."""
    path = FOLDER / "many.npy"
    np.save(path, alike_thumbnails(NUM_KAGGLE_IMAGES))
    command = [sys.executable, "-m", "benchmarks.near_duplicates", "--thumbnails", str(path), f"--distance={distance}"]
    usage = memory.measure(command, environment={**os.environ, "PYTHONPATH": "src"})
    seconds = ("limit", SEARCH_LIMIT_SECONDS)
    megabytes = ("limit", MEMORY_LIMIT_BYTES / MEGABYTE)
    told = f"search of {NUM_KAGGLE_IMAGES:,} pictures' thumbnails"
    peak = usage.peak_bytes / MEGABYTE
    return [
        compare(told, [usage.seconds], peer=seconds, at_least=1.0, unit="s", better="lower"),
        compare(f"{told}, peak memory", [peak], peer=megabytes, at_least=1.0, unit="MB", better="lower"),
    ]


def alike_thumbnails(num_images: int) -> npt.NDArray[np.uint8]:
    """Makes thumbnails with the mean and the covariance of the drawn faces' own: as alike as aligned faces are."""
    faces = np.load(FOLDER / "drawn-faces.npy").reshape(-1, SIDE * SIDE).astype(np.float32)
    mean = faces.mean(axis=0)
    random = np.random.default_rng(SEED)
    thumbnails = np.empty((num_images, SIDE, SIDE), dtype=np.uint8)
    for start in range(0, num_images, len(faces)):
        block = thumbnails[start : start + len(faces)]
        weights = random.standard_normal((len(block), len(faces)), dtype=np.float32) / np.sqrt(len(faces))
        block[:] = np.clip(mean + weights @ (faces - mean), 0, 255).reshape(block.shape)
    return thumbnails


def search(path: Path, *, distance: int) -> None:
    """Hashes thumbnails and searches the hashes; the whole of a process that is measured."""
    threads = count_workers(0)
    near_pairs(hash_views(np.load(path, mmap_mode="r"), threads=threads), distance=distance, threads=threads)


if __name__ == "__main__":
    run_stage(main)
