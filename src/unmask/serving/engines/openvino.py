"""OpenVINO: the fastest on a CPU for one picture as for many, and quick to start."""

import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from unmask.data.pictures.decoding import Pixels
from unmask.errors import EvaluationError
from unmask.serving.engines.engine import Answer

# Its plug-in for CPUs computes in bfloat16 where the processor can, and then differs from Keras by far more than 1e-4.
EXACT = {"INFERENCE_PRECISION_HINT": "f32"}
ONE = {**EXACT, "PERFORMANCE_HINT": "LATENCY"}
MANY = {**EXACT, "PERFORMANCE_HINT": "THROUGHPUT"}


class OpenVino:
    """A network compiled for this machine's CPU: at once for a single picture, and for many when many come."""

    def __init__(self, core: Any, model: Any) -> None:
        """Compiles for a single picture, and judges a black one."""
        self.core, self.model = core, model
        self.one = Shared(core.compile_model(model, "CPU", ONE))
        # OpenVINO 2026.4.1 hangs for good where two threads are the first in a process to give it a picture: of 25
        # processes 15 did, and none where one picture went before.
        side = model.input(0).shape[1]
        for _ in self.answers([np.zeros((side, side, 3), np.uint8)]):
            pass

    @cached_property
    def many(self) -> Any:
        """Compiled for as many pictures at once as serve the machine best."""
        return self.core.compile_model(self.model, "CPU", MANY)

    def for_threads(self, count: int) -> "Shared":
        """See `Engine.for_threads`: as many streams as threads, each with its share of the cores."""
        return Shared(self.core.compile_model(self.model, "CPU", {**EXACT, "NUM_STREAMS": count}))

    def answers(self, pictures: Iterable[Pixels]) -> Iterator[Answer]:
        """See `Engine.answers`."""
        waiting = iter(pictures)
        first = list(islice(waiting, 2))
        if len(first) == 1:
            yield from self.one.answers(first)
        elif first:
            yield from self.in_parallel(chain(first, waiting))

    def in_parallel(self, pictures: Iterable[Pixels]) -> Iterator[Answer]:
        """Keeps as many pictures in the engine as it computes at once; answers come in order."""
        width = self.many.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")
        free = [self.many.create_infer_request() for _ in range(width)]
        busy: deque[Any] = deque()
        for picture in pictures:
            if not free:
                free.append(done := busy.popleft())
                yield answer_of(done)
            busy.append(request := free.pop())
            request.start_async(batch_of(picture), share_inputs=False)
        while busy:
            yield answer_of(busy.popleft())


class Shared:
    """A compiled network that any thread may ask for one picture after another.

    Each thread keeps its request, as one serves one thread, and making one costs as much as a small network's answer.
    """

    def __init__(self, compiled: Any) -> None:
        """Takes the compiled network."""
        self.compiled, self.kept = compiled, threading.local()

    def for_threads(self, count: int) -> "Shared":
        """See `Engine.for_threads`."""
        return self

    def answers(self, pictures: Iterable[Pixels]) -> Iterator[Answer]:
        """See `Engine.answers`; one picture after another."""
        for picture in pictures:
            if not hasattr(self.kept, "request"):
                self.kept.request = self.compiled.create_infer_request()
            self.kept.request.start_async(batch_of(picture))
            yield answer_of(self.kept.request)


def batch_of(picture: Pixels) -> list[Any]:
    """Gives a picture, (size, size, 3) uint8, as the network's one input: (1, size, size, 3) float32."""
    return [picture[None].astype(np.float32)]


def answer_of(request: Any) -> Answer:
    """Waits for a request; copies its answer, as the next one will overwrite it."""
    request.wait()
    logits, embeddings = (request.get_output_tensor(number).data for number in range(2))
    return Answer(logits.item(), embeddings[0].copy())


def import_openvino() -> Any:
    """Imports OpenVINO without its telemetry.

    That would tell Google Analytics of every import, and leave a number for this machine in the home folder
    (OpenVINO 2026.4.1, `openvino/tools/ovc/__init__.py`). Where its package is missing OpenVINO does without.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # Python's word for: it is missing
    import openvino

    return openvino


def load(file: Path) -> OpenVino:
    """Loads a network.

    Args:
        file: in OpenVINO's format: two files, of which the second ends in `.bin`; or in ONNX' format.

    Raises:
        EvaluationError: a file is missing or damaged.
    """
    core = import_openvino().Core()
    try:
        model = core.read_model(file)
        model.reshape({0: [1, *list(model.input(0).partial_shape)[1:]]})
        return OpenVino(core, model)
    except Exception as error:  # its own errors are plain RuntimeErrors of many lines
        raise EvaluationError(f"cannot load {file}: {str(error).rstrip().splitlines()[-1]}") from error
