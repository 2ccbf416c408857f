"""The command line: `unmask profile`, `track`, `trace`, `predict`, `check`, `export`, `ui`.

What a command needs is imported when it runs.
"""

import json
import re
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from unmask.console import DEBUG, run_stage, silent_start

PROFILES = Path("profiles")
PARAMETERS = Path("params.yaml")
MODELS = Path("models")
REPORTS = Path("reports")
RAW, SPLIT = Path("data/raw"), Path("data/split")
A_MODEL = "A model of models/, champion, or a file that export wrote."

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")


@app.callback()
def options(
    debug: Annotated[bool, typer.Option(DEBUG, help="Show the traceback of an error. May stand anywhere.")] = False,
) -> None:
    """Tell real face photographs from deepfakes. The pipeline itself runs with [bold]dvc repro[/]."""


@app.command()
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


@app.command()
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


@app.command()
def trace(
    subject: Annotated[str, typer.Argument(help="A model file or its sha256, a run, a commit, ...: see above.")],
    is_json: Annotated[bool, typer.Option("--json", help="Print JSON: every parameter, whole hashes.")] = False,
) -> None:
    """Show where something came from: commit, data, split, shards, parameters, run, model, evaluation.

    It follows a model file or its sha256, a run of MLflow, NAME@ALIAS of its registry, a commit, branch or tag, a DVC
    experiment, and one verdict: reports/evaluate/cnn/predictions.csv:LINE. What is missing is said.
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
        lines += [f"[yellow]missing: {escape(sentence)}[/]" for sentence in link.missing]
        table.add_row(link.name, "\n".join(lines))
    Console().print(table)


def cut(value: Any) -> str:
    """Spells a fact; of a hash what a person compares."""
    return re.sub(r"\b([0-9a-f]{12})[0-9a-f]{20,}", r"\1", str(value))


@app.command()
def predict(
    images: Annotated[list[Path], typer.Argument(help="JPEG, PNG or WebP files of one face each.")],
    model: Annotated[str, typer.Option(help=A_MODEL)] = "champion",
    is_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Judge pictures: real or fake, and how likely fake.

    A score is P(fake), from 0 to 1; from the threshold on the label is fake. The threshold was chosen on the
    validation split. A verdict is a statistical guess about pictures like those the model learnt from.
    """
    with silent_start():
        from unmask.serving.locate import locate

        detector = locate(model, models=MODELS, reports=REPORTS)
    verdicts = detector.predict(images)
    if is_json:
        lines = [
            {"image": str(image), "model": detector.name, "model_sha256": detector.model_sha256, **vars(verdict)}
            for image, verdict in zip(images, verdicts, strict=True)
        ]
        typer.echo(json.dumps(lines, indent=2))
    else:
        show_verdicts(images, verdicts, model=detector.name)


def show_verdicts(images: list[Path], verdicts: list[Any], *, model: str) -> None:
    """Draws the table of verdicts."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    threshold = verdicts[0].threshold
    table = Table(title=f"{model}: fake from P(fake) {threshold:.3f} on")
    table.add_column("Image", overflow="fold")
    table.add_column("Label")
    table.add_column("P(fake)", justify="right")
    table.add_column("Threshold", justify="right")
    for image, verdict in zip(images, verdicts, strict=True):
        label = Text(verdict.label, style="bold red" if verdict.label == "fake" else "bold green")
        table.add_row(Text(str(image)), label, f"{verdict.score:.3f}", f"{verdict.threshold:.3f}")
    Console().print(table)


@app.command()
def check(
    model: Annotated[str, typer.Argument(help=A_MODEL)],
    pictures: Annotated[Path | None, typer.Option(help="A folder of faces. Default: some of the test split.")] = None,
) -> None:
    """Test how a trained detector behaves: what must not change its answer does not.

    It says nothing of how often the detector is right: that is what the evaluation is for.
    """
    from unmask.errors import EvaluationError

    with silent_start():
        from unmask.serving import check_pictures
        from unmask.serving.checks import check_all
        from unmask.serving.locate import locate

        detector = locate(model, models=MODELS, reports=REPORTS)
    if pictures is None:
        report = REPORTS / "evaluate" / detector.name
        chosen = check_pictures.from_test_split(detector, raw=RAW, split=SPLIT, report=report)
    else:
        chosen = check_pictures.from_folder(pictures)
    findings = check_all(detector, chosen)
    show_findings(findings)
    failed = [finding.name for finding in findings if not finding.is_passed]
    if failed:
        raise EvaluationError(f"{detector.name} fails {len(failed)} of {len(findings)} checks: {', '.join(failed)}")


def show_findings(findings: list[Any]) -> None:
    """Draws the table of what was checked."""
    from rich.markup import escape

    from unmask.console import show_table

    lines = []
    for finding in findings:
        result = "[bold green]passed[/]" if finding.is_passed else "[bold red]FAILED[/]"
        if finding.value is None:
            result = f"left out: {escape(finding.reason)}"
        value = "" if finding.value is None else f"{finding.value:.2g}"
        lines.append((finding.name, finding.statement, value, f"{finding.limit:.2g}", result))
    show_table(("Check", "What must hold", "Changed by", "At most", "Result"), lines)


@app.command()
def export(
    model: Annotated[str, typer.Argument(help=A_MODEL)],
    file: Annotated[Path, typer.Argument(help="The file to write; its name ends in .keras.")],
) -> None:
    """Write a detector as one file: network, calibration, threshold, and how pictures are brought to size.

    unmask predict --model FILE takes it anywhere; for other programs it is a Keras model that gives P(fake).
    """
    with silent_start():
        from unmask.serving.export import export as write
        from unmask.serving.locate import locate

        detector = locate(model, models=MODELS, reports=REPORTS)
    write(detector, file)
    typer.echo(f"{detector.name} is now in {file}")


@app.command()
def ui(
    port: Annotated[int, typer.Option(min=1, max=65535, help="A free port of this machine.")] = 5000,
) -> None:
    """Open MLflow's page on the project's store, for this machine only; Ctrl+C ends it."""
    from unmask import environment
    from unmask.tracking.ui import serve

    def announce(address: str) -> None:
        typer.echo(f"MLflow: {address} (Ctrl+C ends it)")
        sys.stdout.flush()

    serve(environment.read(), port=port, on_ready=announce)


def main() -> None:
    """The entry point: an error of this project is one message and exit status 1."""
    run_stage(lambda: app(args=[argument for argument in sys.argv[1:] if argument != DEBUG]))
