"""Heatmaps of why, drawn by Keras in a process of its own that starts when the first is asked for.

So neither the service's start nor a verdict waits for TensorFlow, and what it breaks on does not end the service.
"""

import asyncio
import io
import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unmask.console import silent_start
from unmask.data.pictures.decoding import Pixels
from unmask.errors import UnmaskError
from unmask.serving.service.metrics import Metrics
from unmask.serving.service.refusals import RefusedError, busy, too_long
from unmask.serving.service.settings import Limits

NEEDED = ("keras", "tensorflow", "matplotlib")
NICENESS = 5  # so that verdicts go first
RETRY_SECONDS = 10

logger = logging.getLogger(__name__)


class Heatmaps:
    """Draws heatmaps one request after another, a bounded number of which may wait."""

    def __init__(self, file: Path | None, *, limits: Limits, metrics: Metrics) -> None:
        """Starts nothing yet.

        Args:
            file: the network in Keras' format; None where the detector has none.
            limits: of the service.
            metrics: what is counted.
        """
        self.file, self.limits, self.metrics = file, limits, metrics
        self.is_available = file is not None and all(find_spec(name) is not None for name in NEEDED)
        self.process: ProcessPoolExecutor | None = None
        self.taken = 0

    async def draw(self, parts: Sequence[tuple[Pixels, bool]]) -> list[bytes]:
        """Draws a heatmap for each part of a picture.

        Args:
            parts: what the network saw, (size, size, 3) uint8, and whether it was called fake.

        Returns:
            For each a PNG, RGBA, of the same size; empty where nothing speaks for the answer.

        Raises:
            RefusedError: there are no heatmaps here, too many wait, they took too long, or drawing failed.
        """
        if not self.is_available or self.file is None:
            raise RefusedError(404, "no_heatmaps", "heatmaps need the bundle's model.keras, Keras and TensorFlow")
        if self.taken >= self.limits.heatmaps:
            raise busy(f"{self.taken} requests for heatmaps wait already")
        self.taken += 1
        try:
            drawn = await self.in_process(self.file, parts)
        except RefusedError:
            self.metrics.heatmaps.labels("failed").inc()
            raise
        finally:
            self.taken -= 1
        self.metrics.heatmaps.labels("drawn").inc()
        return drawn

    async def in_process(self, file: Path, parts: Sequence[tuple[Pixels, bool]]) -> list[bytes]:
        """Hands parts to the process, which is started where there is none."""
        if self.process is None:
            context = multiprocessing.get_context("spawn")
            self.process = ProcessPoolExecutor(1, mp_context=context, initializer=become_drawer)
        try:
            future = asyncio.wrap_future(self.process.submit(draw_parts, file, list(parts)))
            return await asyncio.wait_for(future, self.limits.heatmap_seconds)
        except TimeoutError as error:
            seconds = self.limits.heatmap_seconds
            raise too_long(f"no heatmap within {seconds} seconds") from error
        except BrokenProcessPool as error:
            self.process = None
            logger.warning("the process that draws heatmaps died; the next request starts another")
            raise failed() from error
        except Exception as error:  # whatever Keras breaks on: a heatmap is an extra, the verdict stands without it
            said = str(error) if isinstance(error, UnmaskError) else type(error).__name__
            logger.warning("a heatmap could not be drawn: %s", said)
            raise failed() from error

    def close(self) -> None:
        """Ends the process after what it is at."""
        if self.process is not None:
            self.process.shutdown(wait=False, cancel_futures=True)


def failed() -> RefusedError:
    """Says that there is no heatmap this time."""
    return RefusedError(503, "no_heatmap", "the heatmap could not be drawn", retry_seconds=RETRY_SECONDS)


def become_drawer() -> None:
    """Prepares the process: its parent alone ends it, also by dying."""
    os.nice(NICENESS)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=end_with, args=[parent], daemon=True).start()


def end_with(parent: Any) -> None:
    """Waits for a process to end, and ends this one."""
    parent.join()
    os._exit(0)


def draw_parts(file: Path, parts: Sequence[tuple[Pixels, bool]]) -> list[bytes]:
    """Draws heatmaps; runs in the process. See `Heatmaps.draw`."""
    model = network(file)
    from unmask.evaluation.explanation.gradcam import grad_cam

    images = np.stack([pixels for pixels, _ in parts])
    directions = np.array([1.0 if is_fake else -1.0 for _, is_fake in parts])
    return [coloured(heat) for heat in grad_cam(model, images, directions=directions)]


@cache
def network(file: Path) -> Any:
    """Loads the network once; no code in the file is run."""
    with silent_start():
        from unmask import models as models  # a saved model may name its layers
        from unmask.serving.explaining import network_of
        from unmask.serving.export import load_exported

        return network_of(load_exported(file))


def coloured(heat: NDArray[np.float32]) -> bytes:
    """Gives a heatmap, (height, width) in [0, 1], as a PNG that shows what lies under it where it is cold."""
    from matplotlib import colormaps

    from unmask.evaluation.explanation.sheets import COLOUR_MAP

    if not heat.any():
        return b""
    pixels = (colormaps[COLOUR_MAP](heat) * 255).round().astype(np.uint8)
    pixels[..., 3] = (np.sqrt(heat) * 255).round()
    buffer = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(buffer, "PNG")
    return buffer.getvalue()
