"""`unmask predict`, `check` and `export`: using a trained detector."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from unmask.cli.places import BUNDLES, MODELS, RAW, REPORTS, SPLIT
from unmask.console import silent_start

A_DETECTOR = "A model of bundles/, champion, a bundle's folder, or a file that export wrote."
KERAS_FILE = "model.keras"
EXIT_FAKE, EXIT_ERROR = 1, 2


def predict(  # noqa: PLR0913 - each is an option of the command
    images: Annotated[list[str], typer.Argument(help="Pictures, folders, zips, patterns, or - for standard input.")],
    model: Annotated[str, typer.Option(help=A_DETECTOR)] = "champion",
    engine: Annotated[str, typer.Option(help="What computes: openvino, onnx or int8.")] = "openvino",
    is_json: Annotated[bool, typer.Option("--json", help="Print JSON: all that is known.")] = False,
    is_csv: Annotated[bool, typer.Option("--csv", help="Print CSV: a line for each picture.")] = False,
    allows_addresses: Annotated[bool, typer.Option("--allow-urls", help="Fetch what begins with http.")] = False,
    heatmap: Annotated[Path | None, typer.Option(help="A folder for pictures of why, one for each.")] = None,
) -> None:
    """Judge pictures: real or fake, and how likely fake.

    A score is P(fake), from 0 to 1; from the threshold on the label is fake. The threshold was chosen on the
    validation split. A verdict is a statistical guess about pictures like those the model learnt from.
    Exit status: 0 all real, 1 a fake found, 2 an error; a bad picture never stops the rest.
    """
    from unmask.console import fail, progress
    from unmask.errors import ImageError, UnmaskError
    from unmask.serving import judgements
    from unmask.serving.inputs import pictures_of
    from unmask.serving.locate import find_bundle, locate

    try:
        with silent_start():
            detector = locate(model, bundles=BUNDLES, reports=REPORTS, engine=engine)
        pictures = pictures_of(images, allows_addresses=allows_addresses)
        if heatmap is not None:
            pictures = iter(kept := list(pictures))
        found = list(progress(judgements.judge(detector, pictures), total=None, description="judged"))
        if heatmap is not None:
            folder = find_bundle(model, bundles=BUNDLES, reports=REPORTS)
            write_heatmaps(heatmap, detector, folder / KERAS_FILE, zip(kept, found, strict=True))
    except UnmaskError as error:
        fail(error, status=EXIT_ERROR)
    if is_json:
        typer.echo(json.dumps([one.described(detector) for one in found], indent=2))
    elif is_csv:
        typer.echo(judgements.as_csv(found, detector), nl=False)
    else:
        show_judgements(found, detector=detector)
    if any(isinstance(one.verdict, ImageError) for one in found):
        raise typer.Exit(EXIT_ERROR)
    if any(one.is_fake for one in found):
        raise typer.Exit(EXIT_FAKE)


def write_heatmaps(folder: Path, detector: Any, network_file: Path, judged: Any) -> None:
    """Draws why each picture was judged as it was: `0001-NAME.png`, by its place among all."""
    from unmask import artifacts
    from unmask.errors import ImageError

    with silent_start():
        from unmask.figures import png
        from unmask.serving import explaining

        network = explaining.load_network(network_file)
    for number, (picture, one) in enumerate(judged, start=1):
        if isinstance(one.verdict, ImageError):
            continue
        name = Path(picture.name).name
        figure = explaining.draw(
            explaining.reasons_of(detector, network, picture.content), name=name, model=detector.name
        )
        with artifacts.atomic_path(folder / f"{number:04d}-{Path(name).stem}.png") as temporary:
            temporary.write_bytes(png(figure))


def show_judgements(found: list[Any], *, detector: Any) -> None:
    """Draws the table of verdicts, and below it what is to be said of some."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=f"{detector.name}: fake from P(fake) {detector.threshold:.3f} on", title_justify="left")
    table.add_column("Image", overflow="fold")
    table.add_column("Verdict")
    table.add_column("P(fake)", justify="right")
    table.add_column("Fakes among alike", justify="right")
    rows = [one.cells() for one in found]
    if any(cautions for *_, (cautions, _) in rows):
        table.add_column("Cautions", overflow="fold")
    for one, cells in zip(found, rows, strict=True):
        shown = [Text(cell, style=style) for cell, style in cells]
        table.add_row(Text(one.name), *shown[: len(table.columns) - 1])
    Console().print(table)
    typer.echo("Fakes among alike: of the test pictures with such a score, how many were fake (95% interval).")


def explain(
    image: Annotated[Path, typer.Argument(help="A picture: JPEG, PNG or WebP.")],
    output: Annotated[Path, typer.Option(help="The PNG to write.")] = Path("explanation.png"),
    model: Annotated[str, typer.Option(help="A model of bundles/, champion, or a bundle's folder.")] = "champion",
) -> None:
    """Show why a picture was judged as it was: what the network saw, a heatmap, and the spectrum, side by side.

    A heatmap marks what speaks for the answer; whether this model's can be believed, its model card says.
    """
    from unmask import artifacts

    with silent_start():
        from unmask.figures import png
        from unmask.serving import explaining
        from unmask.serving.bundle.read import load_bundle
        from unmask.serving.locate import find_bundle

        folder = find_bundle(model, bundles=BUNDLES, reports=REPORTS)
        detector, network = load_bundle(folder), explaining.load_network(folder / KERAS_FILE)
    reasons = explaining.reasons_of(detector, network, image)
    with artifacts.atomic_path(output) as temporary:
        temporary.write_bytes(png(explaining.draw(reasons, name=image.name, model=detector.name)))
    verdict = reasons[0].verdict
    typer.echo(f"{image}: {verdict.label}, P(fake) {verdict.score:.3f}; see {output}")


def check(
    model: Annotated[str, typer.Argument(help=A_DETECTOR)],
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

        detector = locate(model, bundles=BUNDLES, reports=REPORTS)
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
    model: Annotated[str, typer.Argument(help="A model of models/, or champion.")],
    file: Annotated[Path, typer.Argument(help="The file to write; its name ends in .keras.")],
) -> None:
    """Write a detector as one file: network, calibration, threshold, and how pictures are brought to size.

    unmask predict --model FILE takes it anywhere; for other programs it is a Keras model that gives P(fake).
    """
    with silent_start():
        from unmask.serving.export import export as write
        from unmask.serving.locate import CHAMPION, champion
        from unmask.serving.pipeline_model import load_model

        name = champion(REPORTS / "compare") if model == CHAMPION else model
        detector = load_model(MODELS / name, REPORTS / "evaluate" / name)
    write(detector, file)
    typer.echo(f"{detector.name} is now in {file}")
