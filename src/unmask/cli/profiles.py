"""`unmask profile`: which parameters the pipeline runs with."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from unmask.cli.places import PARAMETERS, PROFILES


def profile(
    name: Annotated[str, typer.Argument(help="A file of profiles/, without .yaml. Leave it out to list them.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace edits that nothing else holds.")] = False,
) -> None:
    """Choose a profile: check profiles/NAME.yaml and copy it over params.yaml.

    Edits of params.yaml that are not committed are kept, unless they are forced away.
    """
    from unmask import artifacts, config
    from unmask.errors import ConfigError
    from unmask.tables import choose

    profiles = {path.stem: path for path in sorted(PROFILES.glob("*.yaml"))}
    if not profiles:
        raise ConfigError(f"there is no {PROFILES}/ here: run this in the root of the checkout")
    if not name:
        show_profiles(profiles)
        return
    chosen = choose(profiles, name, kind="profile")
    config.load(chosen)
    if not force and PARAMETERS.exists() and not is_kept(PARAMETERS, profiles.values()):
        raise ConfigError(f"{PARAMETERS} has edits that are not committed: commit them, or add --force to lose them")
    artifacts.write_text(PARAMETERS, chosen.read_text(encoding="utf-8"))
    typer.echo(f"{PARAMETERS} is now {chosen}. Next: dvc repro")


def is_kept(parameters: Path, profiles: Iterable[Path]) -> bool:
    """Whether a profile or git's last commit holds the same parameters."""
    from unmask.tracking.provenance import run_git

    content = parameters.read_bytes()
    if any(profile.read_bytes() == content for profile in profiles):
        return True
    return run_git(Path(), "status", "--porcelain", "--", str(parameters)) == ""


def show_profiles(profiles: dict[str, Path]) -> None:
    """Lists the profiles with their first comment."""
    from rich.console import Console
    from rich.table import Table

    table = Table("Profile", "What it is", box=None)
    for name, path in profiles.items():
        table.add_row(name, path.read_text(encoding="utf-8").partition("\n")[0].lstrip("# "))
    Console().print(table)
