"""One worker's training and evaluation, tracked live in the environment's store: `work_once.py FOLDER SEED EPOCHS`."""

import logging
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from finished import CURVES, value, write_model, write_report

from unmask import environment
from unmask.tracking import live, mirror


@dataclass(frozen=True)
class Section:
    epochs: int
    seed: int


logging.basicConfig()
folder, seed, epochs = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
folder.mkdir()
os.chdir(folder)
surroundings = environment.read()
section = Section(epochs, seed)
with live.training_run(model_name="cnn", section=section, environment=surroundings, key=f"{seed:064x}") as run:
    for epoch in range(epochs):
        logs = {name.replace("validation_", "val_"): value(name, epoch, seed=seed) for name in CURVES}
        for callback in run.callbacks:
            callback.on_epoch_end(epoch, logs)
    model = write_model(folder, seed=seed, epochs=epochs)
    run.record(model)
mirror.record_evaluation(
    model_name="cnn",
    model_folder=model,
    report_folder=write_report(folder, seed=seed),
    section=section,
    environment=surroundings,
)
