"""`unmask copy-store`: MLflow's whole store, to where it is safe, and back, and to a team's server."""

from typing import Annotated, Any

import typer

from unmask.console import silent_start


def copy_store(
    to: Annotated[str, typer.Argument(help="An empty database: sqlite:///FILE, postgresql://USER@HOST/DATABASE.")],
    source: Annotated[str, typer.Option("--from", help="The store's database; by default the project's own.")] = "",
    artifacts_to: Annotated[
        str, typer.Option(help="Where files go: a folder, s3://BUCKET. By default beside a SQLite file, each its own.")
    ] = "",
    artifacts_from: Annotated[
        str, typer.Option(help="Where the server of --from keeps files: its --artifacts-destination.")
    ] = "",
    is_served: Annotated[
        bool, typer.Option("--served", help="A server hands the files out: the copy has its addresses.")
    ] = False,
) -> None:
    """Copy MLflow's whole store, run for run: a backup, the way back from it, or the move to a team's server.

    Experiments, runs, metrics, models, the registry and all files keep their ids, and are compared afterwards. The
    store itself is only read. An interrupted copy is none: call the same command again.
    """
    from unmask import environment
    from unmask.tracking.locations import place_for
    from unmask.tracking.quiet import quiet
    from unmask.tracking.store import locate

    places = place_for(to, artifacts=artifacts_to, source=artifacts_from, is_served=is_served)
    with silent_start(), quiet():
        from unmask.tracking.copying import copy_store as copy
    with quiet() as wait_longer:
        wait_longer()
        copied = copy(source or locate(environment.read()).uri, to, places=places)
    show_copied(copied)


def show_copied(copied: Any) -> None:
    """Draws what was copied, and says what was not."""
    from unmask.console import show_table
    from unmask.tracking.store import redact

    show_table(("Table", "Rows"), [(name, str(rows)) for name, rows in sorted(copied.rows.items())])
    for address in copied.outside:
        typer.echo(f"left where it is, as no run's: {redact(address)}")
    for name, rows in copied.others.items():
        typer.echo(f"not copied, as no part of the store: {rows} rows of {name}")
    size = copied.size_bytes / 1e6
    typer.echo(f"copied and compared: {sum(copied.rows.values())} rows, {copied.files} files ({size:.1f} MB)")
