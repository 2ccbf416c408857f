"""`unmask retrain`: what CI runs, and anyone can."""

from pathlib import Path
from typing import Annotated

import typer

from unmask.cli.places import PARAMETERS
from unmask.console import silent_start


def retrain(
    against: Annotated[str, typer.Option(help="The commit, branch or tag that the report compares with.")] = "HEAD",
    report: Annotated[Path, typer.Option(help="The file for the report, in Markdown.")] = Path("report.md"),
    is_promoting: Annotated[bool, typer.Option("--promote", help="Let a model that passes become champion.")] = False,
    is_committing: Annotated[bool, typer.Option("--commit", help="Commit dvc.lock before anything is pushed.")] = False,
    push: Annotated[str, typer.Option(help="Push the commit to this branch of origin, before a decision.")] = "",
    why: Annotated[str, typer.Option(help="In words, for the log of promotions.")] = "retrained",
) -> None:
    """Retrain: pull, look for new data, reproduce, compare with the champion, report, push, register the challenger.

    Exit status: 0 trained and passed, 10 nothing to do, 20 trained and refused, 1 failed. Interrupted, it goes on when
    it is called again.
    """
    from unmask import config, environment

    parameters = config.load(PARAMETERS)
    with silent_start():
        from unmask.retraining.retrain import Wish
        from unmask.retraining.retrain import retrain as run

    wish = Wish(
        against=against, report=report, is_promoting=is_promoting, is_committing=is_committing, push=push, why=why
    )
    result = run(Path(), wish=wish, parameters=parameters, environment=environment.read())
    typer.echo(f"{result.name.lower().replace('_', ' ')}: see {report}")
    raise typer.Exit(int(result))
