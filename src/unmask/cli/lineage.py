"""`unmask track`, `trace` and `ui`: what MLflow has, and where something came from."""

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from unmask.cli.places import MODELS, PARAMETERS
from unmask.console import silent_start


def track() -> None:
    """Write to MLflow what it lacks: runs of models/ and of reports/, from their files.

    Needed after the store was down or deleted, or after dvc pull on another machine. Running it twice changes nothing.
    """
    from unmask import config, environment

    with silent_start():
        from unmask.tracking import mirror, restoring
        from unmask.tracking.session import address_of

    section = config.load(PARAMETERS).evaluate
    if not restoring.has_runs(Path()):
        typer.echo(f"There is no trained model in {MODELS}/, nor a loss that was tried. Run dvc repro, or dvc pull.")
        return
    surroundings = environment.read()
    with silent_start():
        mirror.load()
    written = restoring.track(Path(), section=section, environment=surroundings)
    for line in written or ["nothing was missing"]:
        typer.echo(line)
    typer.echo(f"store: {address_of(surroundings)}")


def trace(
    subject: Annotated[str, typer.Argument(help="A model file or its sha256, a run, a commit, ...: see above.")],
    is_json: Annotated[bool, typer.Option("--json", help="Print JSON: every parameter, whole hashes.")] = False,
) -> None:
    """Show where something came from: commit, data, split, shards, parameters, run, model, evaluation.

    It follows a model file or its sha256, a bundle's folder, a run of MLflow, NAME@ALIAS of its registry, a commit, a
    branch or tag, a DVC experiment, and one verdict: reports/evaluate/cnn/predictions.csv:LINE. Gaps are said.
    """
    from unmask import environment

    with silent_start():
        from unmask.lineage.trace import trace as follow

    traces = follow(subject, environment=environment.read())
    if is_json:
        typer.echo(json.dumps([asdict(found) for found in traces], indent=2))
        return
    for found in traces:
        show_trace(found)


def show_trace(found: Any) -> None:
    """Draws one trace: a line for each link, its parameters counted rather than listed."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=escape(found.title), title_justify="left", show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for link in found.links:
        facts = link.facts
        if link.name == "parameters" and facts:
            facts = {"": f"{len(facts)}, with --json all of them"}
        lines = [escape(f"{name} {cut(value)}".strip()) for name, value in facts.items()]
        lines += [f"[yellow]missing: {escape(cut(sentence))}[/]" for sentence in link.missing]
        table.add_row(link.name, "\n".join(lines))
    Console().print(table)


def cut(value: Any) -> str:
    """Spells a fact; of a hash what a person compares."""
    return re.sub(r"\b([0-9a-f]{12})[0-9a-f]{20,}", r"\1", str(value))


def ui(
    port: Annotated[int, typer.Option(min=1, max=65535, help="A free port of this machine.")] = 5000,
) -> None:
    """Open MLflow's page on the project's store, for this machine only; Ctrl+C ends it."""
    from unmask import environment
    from unmask.tracking.ui import serve

    def announce(address: str, views: Mapping[str, str]) -> None:
        typer.echo(f"MLflow: {address} (Ctrl+C ends it)")
        for name, link in views.items():
            typer.echo(f"{name}: {link}")
        sys.stdout.flush()

    serve(environment.read(), port=port, on_ready=announce)
