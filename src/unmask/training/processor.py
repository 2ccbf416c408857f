"""What this machine's processor cannot compute by itself."""

import logging
from pathlib import Path

import keras

logger = logging.getLogger(__name__)

ABOUT = Path("/proc/cpuinfo")  # of Linux
NATIVE = {"avx512_bf16", "amx_bf16", "bf16"}  # as Linux calls them: x86's two, and ARM's
BFLOAT16 = "mixed_bfloat16"


def warn_of_emulation(precision: str) -> None:
    """Warns where a recipe's precision is slower than float32 here, not faster: there is no GPU either.

    Args:
        precision: of the recipe.
    """
    if precision == BFLOAT16 and emulates_bfloat16() and not keras.distribution.list_devices("gpu"):
        logger.warning(
            "precision %s: this processor has no bfloat16 of its own, and emulating it is many times slower than "
            "float32: set precision: float32",
            precision,
        )


def emulates_bfloat16(about: Path = ABOUT) -> bool:
    """Whether the processor has no bfloat16 of its own; False where nothing tells.

    Args:
        about: what the kernel says of it.
    """
    try:
        lines = about.read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    features = next((line.partition(":")[2].split() for line in lines if line.startswith(("flags", "Features"))), None)
    return features is not None and not NATIVE & set(features)
