"""The frame of a picture, where no face is: padding, resampling at the edge, vignettes, cut-off backgrounds."""

import numpy as np

from unmask.data.audit.picture import Features, Picture

FRAME_SHARE = 32  # the frame is a thirty-second of the side wide
SIDES = ("top", "bottom", "left", "right")
MEASURES = ("mean red", "mean green", "mean blue", "spread", "step along", "step across", "outermost step")
MEANING = f"the outer frame only, 1/{FRAME_SHARE} of the side wide"
ADVICE = (
    "The classes differ where no face is: padding, cropping or backgrounds. preprocess.fit: crop cuts the frame off "
    "where the pictures are larger than preprocess.image_size; else crop the set before it is packed."
)
NAMES = tuple(f"{measure}, {side}" for side in SIDES for measure in MEASURES)


def features(picture: Picture) -> Features:
    """Measures the four strips of the frame.

    Args:
        picture: its pixels are read.

    Returns:
        features: (len(NAMES),), float64.
    """
    pixels = picture.pixels
    sideways = pixels.transpose(1, 0, 2)
    # Each turned so that its first row is the outermost.
    strips = (pixels, pixels[::-1], sideways, sideways[::-1])
    width = max(2, min(pixels.shape[:2]) // FRAME_SHARE)
    return np.concatenate([measure(strip[:width].astype(np.float64)) for strip in strips])


def measure(strip: Features) -> Features:
    """Measures one strip (width, length, 3) whose first row is the outermost."""
    along = np.abs(np.diff(strip, axis=1)).mean()
    steps = np.abs(np.diff(strip, axis=0)).mean(axis=(1, 2))
    return np.array([*strip.mean(axis=(0, 1)), strip.std(), along, steps.mean(), steps[0]])
