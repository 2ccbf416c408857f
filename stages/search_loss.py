"""Measures one loss with one model, on the validation split."""

import argparse
import logging
import time
from pathlib import Path

from unmask import artifacts, config, environment
from unmask.console import run_stage, silent_start
from unmask.data.features import read_features
from unmask.data.shards import read_index
from unmask.loss_search.scores import HISTORY, LossScores
from unmask.records import TRAIN, VALIDATION

logger = logging.getLogger("unmask.stages.search_loss")


def main() -> None:
    """Reads two splits' shards, writes `reports/search_loss/<model>-<loss>`."""
    arguments = read_arguments()
    parameters = config.load(arguments.params)
    section = config.training_section(parameters, arguments.model)
    budget = config.loss_budget(parameters, arguments.model)
    training, validation = (read_index(arguments.shards / split) for split in (TRAIN, VALIDATION))
    if not budget.epochs:
        switch_off(arguments)
        return
    started = time.monotonic()
    with silent_start():
        from unmask.loss_search.measure import measure, shares_features
        from unmask.tracking import mirror
    features = read_features(arguments.features, is_needed=shares_features(section, budget=budget))
    logger.info("search_loss %s: %s, %d epochs, seeds %s", arguments.model, arguments.loss, budget.epochs, budget.seeds)
    measured = measure(
        arguments.model,
        section,
        loss=arguments.loss,
        budget=budget,
        training=training,
        validation=validation,
        features=features,
    )
    with artifacts.atomic_path(arguments.output) as folder:
        measured.scores.write(folder)
        artifacts.write_csv(folder / HISTORY, measured.history)
    mirror.record_loss(arguments.output, environment=environment.read())
    scores, seconds = measured.scores, time.monotonic() - started
    logger.info(
        "search_loss %s: %s, AUC %s on validation in %.1f s", scores.model, scores.loss, scores.headline, seconds
    )


def switch_off(arguments: argparse.Namespace) -> None:
    """Writes that nothing was searched."""
    off = LossScores(arguments.model, arguments.loss, is_proper=None, search="", validation_roc_auc={})
    with artifacts.atomic_path(arguments.output) as folder:
        off.write(folder)
    logger.info("search_loss %s: switched off by search_loss.%s.epochs", arguments.model, arguments.model)


def read_arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--params", type=Path, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--loss", required=True)
    parser.add_argument("--shards", type=Path, required=True)
    parser.add_argument("--features", type=Path, required=True, help="what the stage head_features made for the model")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--debug", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    run_stage(main)
