"""A PyTorch DataLoader over JPEG files with flip, rotation and zoom: a peer of the training input.

    .venv-peers/bin/python benchmarks/torch_loader.py --pictures folder --way grid_sample

Prints images a second and processor seconds an image, of a steady stretch. Batches are (batch, 3, size, size) uint8, as
ours are. Imports nothing of the product: it runs in the environment of the peers.
"""

import argparse
import functools
import json
import math
import multiprocessing
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

Batch = tuple[torch.Tensor, torch.Tensor]


class Pictures(torch.utils.data.Dataset[Batch]):
    """The files of a folder of classes, read a batch at a time."""

    def __init__(self, folder: Path, *, way: str) -> None:
        """Finds the files.

        Args:
            folder: of `real/` and `fake/`.
            way: a key of `WAYS`.
        """
        self.files = [str(file) for file in sorted(folder.rglob("*.jpg"))]
        self.way = way

    def __len__(self) -> int:
        """Counts the files."""
        return len(self.files)

    def __getitems__(self, numbers: Sequence[int]) -> Batch:
        """Decodes and varies a batch."""
        files = [self.files[number] for number in numbers]
        labels = torch.tensor([float("/fake/" in file) for file in files])
        return WAYS[self.way](files), labels


def main() -> None:
    """Reads batches, prints what they took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path, required=True, help="a folder of real/ and fake/")
    parser.add_argument("--way", choices=WAYS, required=True)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--warm-up-seconds", type=float, default=2.0)
    parser.add_argument("--seconds", type=float, default=4.0)
    arguments = parser.parse_args()
    pictures = Pictures(arguments.pictures, way=arguments.way)
    loader = torch.utils.data.DataLoader(
        pictures,
        batch_size=arguments.batch,
        sampler=torch.utils.data.RandomSampler(pictures, num_samples=10**7),  # no end, so no start of an epoch
        num_workers=arguments.workers,
        prefetch_factor=4,
        collate_fn=as_it_is,
    )
    batches = iter(loader)
    read_for(batches, seconds=arguments.warm_up_seconds)
    processor_before = processor_seconds()
    count, seconds = read_for(batches, seconds=arguments.seconds)
    processor = processor_seconds() - processor_before
    print(json.dumps({"images_per_second": count / seconds, "processor_seconds_per_image": processor / count}))


def as_it_is(batch: Batch) -> Batch:
    """Collates nothing: a batch is whole already."""
    return batch


def read_for(batches: Iterator[Batch], *, seconds: float) -> tuple[int, float]:
    """Reads for so long; gives how many images, and how long it was."""
    started, count = time.monotonic(), 0
    while time.monotonic() - started < seconds:
        images, _ = next(batches)
        count += len(images)
    return count, time.monotonic() - started


def processor_seconds() -> float:
    """Adds up what this process and its workers have used."""
    ticks = 0
    for process in [os.getpid(), *(child.pid for child in multiprocessing.active_children())]:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def draw() -> tuple[float, float, float, float]:
    """Draws flip, rotation up to 20 degrees and zoom up to 0.2 as one matrix, by rows."""
    angle, scale = math.radians(random.uniform(-20, 20)), 1 + random.uniform(-0.2, 0.2)
    flip = random.choice((-1, 1))
    cosine, sine = math.cos(angle) * scale, math.sin(angle) * scale
    return cosine * flip, -sine, sine * flip, cosine


def with_pillow(files: Sequence[str]) -> torch.Tensor:
    """Varies each picture by Pillow's transform; what lies outside is black."""
    return torch.from_numpy(np.stack([with_pillow_one(file) for file in files])).permute(0, 3, 1, 2)


def with_pillow_one(file: str) -> np.ndarray:
    """Decodes and varies one picture."""
    with Image.open(file) as image:
        a, b, c, d = draw()
        middle_x, middle_y = image.width / 2, image.height / 2
        data = (a, b, middle_x - a * middle_x - b * middle_y, c, d, middle_y - c * middle_x - d * middle_y)
        return np.asarray(image.transform(image.size, Image.Transform.AFFINE, data, Image.Resampling.BILINEAR))


def with_grid_sample(files: Sequence[str]) -> torch.Tensor:
    """Varies each picture by grid_sample, mirrored at the borders.

    One at a time, and with a grid of our own: a batch at a time, or by affine_grid, it is slower by a tenth to a third.
    """
    return torch.cat([with_grid_sample_one(file) for file in files])


def with_grid_sample_one(file: str) -> torch.Tensor:
    """Decodes and varies one picture."""
    pixels = torch.from_numpy(decode(file)).permute(2, 0, 1)[None]
    image = pixels.to(torch.float32, memory_format=torch.contiguous_format)
    x, y = base_grid(*image.shape[2:])
    a, b, c, d = draw()
    grid = torch.empty(1, *image.shape[2:], 2)
    torch.add(a * x, b * y, out=grid[0, ..., 0])
    torch.add(c * x, d * y, out=grid[0, ..., 1])
    varied = torch.nn.functional.grid_sample(image, grid, padding_mode="reflection", align_corners=False)
    return varied.to(torch.uint8)


@functools.cache
def base_grid(height: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Gives the positions of pixels in [-1, 1], as grid_sample counts them."""
    x = (2 * torch.arange(width) + 1) / width - 1
    y = (2 * torch.arange(height) + 1) / height - 1
    return x[None, :], y[:, None]


def plain(files: Sequence[str]) -> torch.Tensor:
    """Decodes a batch and leaves it as it is."""
    return torch.from_numpy(np.stack([decode(file) for file in files])).permute(0, 3, 1, 2)


def decode(file: str) -> np.ndarray:
    """Decodes one picture with Pillow: (height, width, 3), uint8."""
    with Image.open(file) as image:
        return np.array(image)


WAYS: dict[str, Callable[[Sequence[str]], torch.Tensor]] = {
    "grid_sample": with_grid_sample,
    "pillow": with_pillow,
    "plain": plain,
}


if __name__ == "__main__":
    main()
