import gc
import io

import numpy as np
import pytest
from PIL import Image

from unmask.serving.service.judging import Judging, Task
from unmask.serving.service.metrics import Metrics
from unmask.serving.service.refusals import RefusedError
from unmask.serving.service.settings import Limits


def noisy(seed: int) -> bytes:
    buffer = io.BytesIO()
    noise = np.random.default_rng(seed).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(buffer, "PNG")
    return buffer.getvalue()


def test_pictures_that_nobody_waits_for_are_let_go_before_a_worker_comes_by(subject, engine, finished):
    metrics = Metrics(model="brightness", model_sha256="ab")
    judging = Judging(subject.detector, workers=1, limits=Limits(judge_seconds=1), metrics=metrics)
    engine.gate.clear()
    for round_ in range(3):
        with pytest.raises(RefusedError):
            finished(judging.all([noisy(10 * round_ + number) for number in range(4)]))
    held = [task for task in gc.get_objects() if isinstance(task, Task) and task.content]
    assert len(held) == 1  # the picture that the worker is at
    engine.gate.set()
    judging.close()
