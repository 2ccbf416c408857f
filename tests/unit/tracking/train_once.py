"""One tracked training in a process of its own: `train_once.py ROOT EXPERIMENT`, from a folder that goes away."""

import logging
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from folders import write_model

from unmask.environment import Environment
from unmask.tracking import live


@dataclass(frozen=True)
class Section:
    epochs: int


logging.basicConfig()
root, experiment = Path(sys.argv[1]), sys.argv[2]
with tempfile.TemporaryDirectory() as copy:  # as `dvc exp run --temp` does
    os.chdir(copy)
    environment = Environment(root=root, experiment=experiment, tracking_uri="", real_data=None, machine="bench")
    with live.training_run(model_name="cnn", section=Section(epochs=1), environment=environment) as run:
        run.record(write_model(Path(copy), "cnn", seed=len(experiment)))
    os.chdir(root)
