"""`unmask predict`, `check` and `export`: using a trained detector."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from unmask.cli.places import MODELS, RAW, REPORTS, SPLIT
from unmask.console import silent_start

A_MODEL = "A model of models/, champion, or a file that export wrote."


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
