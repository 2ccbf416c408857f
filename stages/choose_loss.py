"""Names the loss that one model is trained with, and lays out what the search found."""

import argparse
import logging
from pathlib import Path

from unmask import artifacts, config, environment
from unmask.console import run_stage, show_table, silent_start
from unmask.loss_search.choice import TABLE, choose_loss, table
from unmask.loss_search.scores import read_scores

logger = logging.getLogger("unmask.stages.choose_loss")


def main() -> None:
    """Reads every loss's scores, writes `reports/choose_loss/<model>`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--params", type=Path, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--scores", type=Path, nargs="+", required=True, help="the losses' folders")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--debug", action="store_true")
    arguments = parser.parse_args()
    parameters = config.load(arguments.params)
    named = config.training_section(parameters, arguments.model).recipe.loss
    scores = [read_scores(folder) for folder in arguments.scores]
    choice = choose_loss(scores, model=arguments.model, named=named, equal_within=parameters.choose_loss.equal_within)
    found = table(scores, chosen=choice.loss)
    with artifacts.atomic_path(arguments.output) as folder:
        choice.write(folder)
        artifacts.write_csv(folder / TABLE, found)
    if not found.empty:
        show_table(list(found.columns), [[str(cell) for cell in row] for row in found.itertuples(index=False)])
        with silent_start():
            from unmask.tracking import mirror
        mirror.record_choice(arguments.output, search=scores[0].search, environment=environment.read())
    how = "chosen on validation" if named != choice.loss else "named by the parameters"
    logger.info("choose_loss %s: %s, %s", arguments.model, choice.loss, how)


if __name__ == "__main__":
    run_stage(main)
