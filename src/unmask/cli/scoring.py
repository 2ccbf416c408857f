"""`unmask score`: a table of scores of very many pictures."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from unmask.cli.options import Bundle, Engine
from unmask.cli.places import BUNDLES, REPORTS
from unmask.console import silent_start

logger = logging.getLogger("unmask.cli.scoring")
EXIT_NOT_JUDGED = 3  # typer ends with 2 where the call is wrong


def score(
    pictures: Annotated[str, typer.Argument(metavar="IN", help="A folder, a zip, or s3://BUCKET/PREFIX.")],
    table: Annotated[str, typer.Argument(metavar="OUT.parquet", help="The folder to write, in parts.")],
    model: Bundle = "champion",
    engine: Engine = "openvino",
    part_pictures: Annotated[int, typer.Option("--part", min=1, help="Pictures a part.")] = 1000,
    ray: Annotated[str, typer.Option(help="Score on a cluster, by Ray: its address, auto, or local.")] = "",
) -> None:
    """Score very many pictures into Parquet: a row each, in parts that are whole or absent.

    Interrupted or killed, it goes on when it is called again, and scores no part twice.
    Exit status: 0 all scored, 3 done but some could not be judged (column error says why), 1 failed, 2 a wrong call.
    """
    from unmask.console import progress
    from unmask.data.archives.names import shown
    from unmask.serving.locate import bundle_of

    with silent_start():
        from unmask.serving.scoring import resume, run

    started = time.monotonic()
    folder = resume.local_folder(table)
    with bundle_of(model, bundles=BUNDLES, reports=REPORTS) as bundle:
        method = method_for(bundle, engine=engine, ray=ray)
        wish = resume.wish_for(pictures, bundle=bundle, engine=engine, part_pictures=part_pictures)
        with interruption_told(), resume.begun(folder, wish) as scoring:
            numbers = scoring.missing()
            total = sum(map(scoring.rows, numbers))
            steps = run.run(scoring, numbers, method)
            scored = sum(progress(steps, total=total, description="score", unit="pictures", size=int))
            counts, strangers = scoring.counts(), scoring.strangers()
    seconds = time.monotonic() - started
    now = f"{scored:,} scored now in {seconds:,.1f} s, {scored / seconds:,.0f}/s" if scored else "all scored before"
    typer.echo(
        f"{table}: {counts.pictures:,} pictures, {counts.fake:,} called fake, {counts.real:,} real, "
        f"{counts.not_judged:,} not judged; {now}"
    )
    for name in strangers:
        logger.warning("%s also holds %s, which readers take for a part: remove it", table, shown(name))
    if counts.not_judged:
        raise typer.Exit(EXIT_NOT_JUDGED)


@contextmanager
def interruption_told() -> Iterator[None]:
    """Says after Ctrl+C, of which typer says nothing, that nothing is lost."""
    try:
        yield
    except KeyboardInterrupt:
        logger.warning("interrupted: the same command goes on from here")
        raise


def method_for(bundle: Path, *, engine: str, ray: str) -> Any:
    """Says where is scored: here, or on a cluster."""
    from unmask.serving.bundle.read import load_bundle
    from unmask.serving.scoring import cluster, run

    if ray:
        return cluster.on_ray(ray, bundle=bundle, engine=engine)
    return run.here(lambda: load_bundle(bundle, engine=engine))
