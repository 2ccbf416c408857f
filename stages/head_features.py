"""Computes a frozen backbone's features of every image, for the head's phase of training."""

import argparse
import logging
import time
from pathlib import Path

from unmask import artifacts, config
from unmask.console import run_stage, silent_start
from unmask.data.features import write_none

logger = logging.getLogger("unmask.stages.head_features")


def main() -> None:
    """Reads two splits' shards, writes `data/features/<model>`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--params", type=Path, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--shards", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--debug", action="store_true")
    arguments = parser.parse_args()
    parameters = config.load(arguments.params)
    section = config.training_section(parameters, arguments.model)
    if not section.recipe.head_epochs:
        with artifacts.atomic_path(arguments.output) as folder:
            write_none(folder)
        logger.info("head_features %s: none, train.%s.recipe.head_epochs is 0", arguments.model, arguments.model)
        return
    started = time.monotonic()
    with silent_start():
        from unmask.training import head_features
    logger.info("head_features %s: %s", arguments.model, arguments.shards)
    with artifacts.atomic_path(arguments.output) as folder:
        batch_size = parameters.head_features.batch_size
        head_features.write(folder, arguments.model, section, shards=arguments.shards, batch_size=batch_size)
    logger.info("head_features %s: %s in %.1f s", arguments.model, arguments.output, time.monotonic() - started)


if __name__ == "__main__":
    run_stage(main)
