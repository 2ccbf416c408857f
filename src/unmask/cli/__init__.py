"""The command line: `unmask profile`, `track`, `trace`, `predict`, `score`, `monitor`, `serve`, `promote`, and more.

What a command needs is imported when it runs.
"""

import sys
from typing import Annotated

import typer

from unmask.cli import detectors, lineage, monitoring, profiles, promotion, retraining, scoring, serving, stores
from unmask.console import DEBUG, run_stage

COMMANDS = (
    profiles.profile,
    lineage.track,
    lineage.trace,
    lineage.ui,
    detectors.predict,
    detectors.explain,
    detectors.check,
    detectors.export,
    scoring.score,
    monitoring.monitor,
    promotion.promote,
    promotion.rollback,
    promotion.promotions,
    retraining.retrain,
    serving.serve,
    stores.copy_store,
)

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")
for command in COMMANDS:
    app.command()(command)


@app.callback()
def options(
    debug: Annotated[bool, typer.Option(DEBUG, help="Show the traceback of an error. May stand anywhere.")] = False,
) -> None:
    """Tell real face photographs from deepfakes. The pipeline itself runs with [bold]dvc repro[/]."""


def main() -> None:
    """The entry point: an error of this project is one message and exit status 1."""
    run_stage(lambda: app(args=[argument for argument in sys.argv[1:] if argument != DEBUG]))
