"""Trains one model by its recipe."""

import argparse
import logging
import time
from dataclasses import replace
from pathlib import Path

from unmask import artifacts, config, environment
from unmask.console import run_stage, silent_start
from unmask.data.features import read_features
from unmask.data.shards import read_index
from unmask.figures import png
from unmask.loss_search.choice import read_choice
from unmask.records import TRAIN, VALIDATION

logger = logging.getLogger("unmask.stages.train")


def main() -> None:
    """Reads two splits' shards, writes `models/<model>`."""
    arguments = read_arguments()
    section = config.training_section(config.load(arguments.params), arguments.model)
    section = replace(section, recipe=replace(section.recipe, loss=read_choice(arguments.loss).loss))
    training, validation = (read_index(arguments.shards / split) for split in (TRAIN, VALIDATION))
    features = read_features(arguments.features, is_needed=section.recipe.head_epochs > 0)
    started = time.monotonic()
    with silent_start():
        from unmask.tracking import live
        from unmask.training import artifact, ensemble, first_batch, processor
        from unmask.training.checkpoint import Checkpoint, key_of
    logger.info("train %s: %d images, %d for validation", arguments.model, training.records, validation.records)
    processor.warn_of_emulation(section.recipe.precision)
    key = key_of(section, training=training, validation=validation, features=features)
    kept = Checkpoint(arguments.checkpoint, key=key)
    surroundings = environment.read()
    with live.training_run(
        model_name=arguments.model, section=section, environment=surroundings, key=kept.key, goes_on=kept.is_whole()
    ) as run:
        trained = ensemble.train(
            arguments.model,
            section,
            training=training,
            validation=validation,
            features=features,
            callbacks=run.callbacks,
            checkpoint=kept,
        )
        description = artifact.describe(
            arguments.model, section, training=training, validation=validation, features=features
        )
        beginning = first_batch.draw(
            training, recipe=section.recipe, model_name=arguments.model, epoch=trained.first_whole_epoch
        )
        with artifacts.atomic_path(arguments.output) as folder:
            artifact.save(folder, trained, description=description)
            (folder / "first_batch.png").write_bytes(png(beginning))
        kept.clear()
        run.record(arguments.output)
    logger.info("train %s: %s in %.1f s", arguments.model, arguments.output, time.monotonic() - started)


def read_arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--params", type=Path, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--loss", type=Path, required=True, help="the choice.json of the stage choose_loss")
    parser.add_argument("--shards", type=Path, required=True)
    parser.add_argument("--features", type=Path, required=True, help="what the stage head_features made for the model")
    parser.add_argument(
        "--checkpoint", type=Path, required=True, help="folder for what an interrupted run goes on from"
    )
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--debug", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    run_stage(main)
