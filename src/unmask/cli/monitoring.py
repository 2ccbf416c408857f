"""`unmask monitor`: whether what is scored is still like what a model was tried on."""

from pathlib import Path
from typing import Annotated

import typer

from unmask.cli.options import Bundle
from unmask.cli.places import BUNDLES, REPORTS
from unmask.console import silent_start

EXIT_DRIFT = 10
SIGNIFICANCE = 0.01  # how often drift may be found in any measure where there is none


def monitor(
    scores: Annotated[list[Path], typer.Argument(help="What unmask score wrote, or predict --csv or --json.")],
    model: Bundle = "champion",
    reference: Annotated[
        list[Path] | None, typer.Option(help="Compare with these scores, not with the validation pictures.")
    ] = None,
    report: Annotated[Path, typer.Option(help="The folder for the report.")] = Path("monitoring"),
    limit: Annotated[
        float, typer.Option(min=0, max=1, help="Drift needs a difference of at least this share of the pictures.")
    ] = 0.1,
    is_triggering: Annotated[
        bool, typer.Option("--trigger", help="On drift, tell GitHub to retrain; needs GH_TOKEN.")
    ] = False,
) -> None:
    """Compare scored pictures with those that the model was tried on: scores, distance, brightness, size, quality.

    It writes report.md, report.html and report.json.
    Exit status: 0 no drift, 10 drift, 1 failed, or nothing could be compared.
    """
    from unmask import environment
    from unmask.errors import MonitoringError
    from unmask.serving.locate import bundle_of

    with silent_start():
        from unmask.serving.bundle.manifest import read_manifest
        from unmask.serving.monitoring import compare, reading, trigger
        from unmask.serving.monitoring.report import PAGE_FILE, Report, verdict, write
        from unmask.tracking.provenance import run_git

    with bundle_of(model, bundles=BUNDLES, reports=REPORTS) as bundle:
        manifest = read_manifest(bundle)
        now = reading.read_scores(scores, model_sha256=manifest.model_sha256)
        if reference:
            before = reading.read_scores(reference, model_sha256=manifest.model_sha256)
        else:
            before = reading.read_reference(bundle)
    rule = compare.Rule(significance=SIGNIFICANCE, limit=limit)
    comparisons = compare.compare(before.table, now.table, rule)
    found = Report(now, before, manifest.model, rule, comparisons, command=trigger.COMMAND)
    write(report, found)
    if not found.tested:
        why = "; ".join(found.reasons)
        raise MonitoringError(f"nothing could be compared: {why}; see {report / PAGE_FILE}")
    typer.echo(f"{verdict(found)}: see {report / PAGE_FILE}")
    if not found.drifted:
        return
    if is_triggering and now.not_scored:
        raise MonitoringError(
            f"GitHub was not told: {now.name} is not finished, and what was scored first may differ from the rest"
        )
    if is_triggering:
        surroundings = environment.read()
        address = run_git(Path(), "remote", "get-url", "origin")
        origin = trigger.repository_of(address, api=surroundings.github_api)
        trigger.trigger(surroundings, repository=surroundings.github_repository or origin)
        typer.echo("GitHub was told to retrain")
    raise typer.Exit(EXIT_DRIFT)
