"""`unmask promote`, `rollback` and `promotions`: which model is the champion of MLflow's registry."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from unmask.cli.places import PARAMETERS, REPORTS
from unmask.console import silent_start

Why = Annotated[str, typer.Option(help="In words, for the log.")]


def promote(
    model: Annotated[str, typer.Argument(help="Of models/, or champion: that of reports/compare.")] = "champion",
    why: Why = "",
    is_forced: Annotated[bool, typer.Option("--force", help="Promote although a gate fails; the log says so.")] = False,
    is_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Make a model the champion of MLflow's registry, if it passes every gate of params.yaml.

    It is registered and becomes challenger first. Where there is a champion, both are compared image by image. A
    refusal is kept in the log too, and exits with 1.
    """
    from unmask import config, environment
    from unmask.errors import PromotionError

    with silent_start():
        from unmask.promotion.challenger import Challenger
        from unmask.promotion.decisions import REFUSED
        from unmask.promotion.promote import examine
        from unmask.promotion.promote import promote as decide
        from unmask.serving.locate import model_named

    name = model_named(model, reports=REPORTS)
    where = environment.read()
    examined = examine(Challenger(Path(), name), parameters=config.load(PARAMETERS), environment=where)
    decision = None if examined.is_champion else decide(examined, environment=where, why=why, is_forced=is_forced)
    if is_json:
        typer.echo(json.dumps({**asdict(examined), "decision": decision and asdict(decision)}, indent=2))
    elif decision is None:
        typer.echo(f"{name} is champion already, as version {examined.version}")
    else:
        show_gates(examined.gates)
        typer.echo(f"{name}, version {examined.version}: {decision.outcome}")
    if decision is not None and decision.outcome == REFUSED:
        total, failed = len(examined.gates), examined.failed
        raise PromotionError(f"{name} is refused by {len(failed)} of {total} gates: {', '.join(failed)}")


def show_gates(gates: Any) -> None:
    """Draws the table of gates."""
    from rich.markup import escape

    from unmask.console import show_table

    lines = []
    for gate in gates:
        result = "[bold green]passed[/]" if gate.is_passed else "[bold red]FAILED[/]"
        lines.append((gate.name, f"{gate.value:.4g}", f"{gate.side} {gate.limit:g}", result, escape(gate.note)))
    show_table(("Gate", "Value", "Limit", "Result", ""), lines)


def rollback(why: Why = "") -> None:
    """Return to the champion before the present one."""
    from unmask import environment

    with silent_start():
        from unmask.promotion.promote import rollback as decide

    decision = decide(environment=environment.read(), why=why)
    typer.echo(f"version {decision.version} is champion again, version {decision.before} no longer")


def promotions(
    is_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """List every decision about the champion: promotions, refusals, forced ones, and ways back."""
    from unmask import environment

    with silent_start():
        from unmask.promotion.promote import log

    decisions, standing = log(environment.read())
    if is_json:
        lines = [{**asdict(decision), "counts": decision.number not in standing.late} for decision in decisions]
        typer.echo(json.dumps(lines, indent=2))
    elif decisions:
        show_decisions(decisions, standing)
    else:
        typer.echo("Nothing was decided yet: unmask promote makes a first champion.")


def show_decisions(decisions: Any, standing: Any) -> None:
    """Draws the log."""
    from rich.markup import escape

    from unmask.console import show_table

    lines = []
    for one in decisions:
        what = f"{one.outcome}, forced" if one.is_forced else one.outcome
        if one.number in standing.late:
            what = f"{what}, too late: did not count"
        change = f"{one.before or 'none'} to {one.version}"
        lines.append((str(one.number), one.when, escape(one.who), what, escape(one.model), change, escape(one.why)))
    show_table(("", "When", "Who", "Decision", "Model", "Versions", "Why"), lines)
    typer.echo(f"champion: version {standing.champion}" if standing.champion else "there is no champion")
