"""ONNX Runtime: runs everywhere, also where OpenVINO does not."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from unmask.data.pictures.decoding import Pixels
from unmask.errors import EvaluationError
from unmask.serving.engines.engine import Answer

CPU = "CPUExecutionProvider"


@dataclass(frozen=True)
class Onnx:
    """A session of ONNX Runtime on the CPU."""

    session: Any
    name: str
    file: Path

    def answers(self, pictures: Iterable[Pixels]) -> Iterator[Answer]:
        """See `Engine.answers`; one picture after another, on all cores."""
        for picture in pictures:
            logits, embeddings = self.session.run(None, {self.name: picture[None].astype(np.float32)})
            yield Answer(logits.item(), embeddings[0])

    def for_threads(self, count: int) -> "Onnx":
        """See `Engine.for_threads`; a session may be run from several threads, each of which takes its own share."""
        return load(self.file, threads=max(1, (os.cpu_count() or 1) // count))


def load(file: Path, *, threads: int = 0) -> Onnx:
    """Loads a network in ONNX' format.

    Args:
        file: ends in `.onnx`.
        threads: that compute one picture; 0: as many as there are cores.

    Raises:
        EvaluationError: the file is missing, damaged, or no network from pictures to one logit each.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    try:
        session = onnxruntime.InferenceSession(file, options, providers=[CPU])
    except Exception as error:  # its own errors share no other base
        raise EvaluationError(f"cannot load {file}: {str(error).splitlines()[0]}") from error
    return Onnx(session, session.get_inputs()[0].name, file)
