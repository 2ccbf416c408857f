"""`unmask predict`, `explain`, `check` and `export`: using a trained detector."""

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from unmask.cli.endings import errors_end_with, escape_unknown_characters
from unmask.cli.options import A_DETECTOR, Detector, Engine
from unmask.cli.places import BUNDLES, MODELS, RAW, REPORTS, SPLIT
from unmask.console import silent_start

EXIT_FAKE, EXIT_ERROR = 1, 2
PNG_SUFFIX = ".png"
STEM_BYTES = 150  # of a picture's name in its heatmap's; file systems allow 255 in all, with what is added meanwhile


def predict(  # noqa: PLR0913 - each is an option, and the framework takes no groups of them
    images: Annotated[list[str], typer.Argument(help="Pictures, folders, zips, patterns, or - for standard input.")],
    model: Detector = "champion",
    engine: Engine = "openvino",
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
    from unmask.console import progress
    from unmask.errors import ImageError

    if is_json and is_csv:
        raise typer.BadParameter("--json and --csv exclude each other")
    with errors_end_with(EXIT_ERROR):
        from unmask.serving import judgements
        from unmask.serving.inputs import pictures_of
        from unmask.serving.locate import locate

        pictures = pictures_of(images, allows_addresses=allows_addresses)
        if heatmap is None:
            with silent_start():
                detector = locate(model, bundles=BUNDLES, reports=REPORTS, engine=engine)
            judged = judgements.judge(detector, pictures)
        else:
            detector, network = load_with_network(model, engine=engine)
            judged = judge_and_draw(detector, network, pictures, folder=heatmap)
        found = list(progress(judged, total=None, description="judged"))
        escape_unknown_characters()
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


def load_with_network(model: str, *, engine: str = "openvino") -> tuple[Any, Any]:
    """Loads a detector and its network in Keras' hands; see `explaining.load_with_network`."""
    from unmask.errors import EvaluationError

    with silent_start():
        try:
            from unmask.serving import explaining
        except ImportError as error:
            raise EvaluationError(f"heatmaps need Keras and TensorFlow: {error}") from error

        return explaining.load_with_network(model, bundles=BUNDLES, reports=REPORTS, engine=engine)


def judge_and_draw(detector: Any, network: Any, pictures: Iterable[Any], *, folder: Path) -> Iterator[Any]:
    """Judges pictures as they come, and draws why: `0001-NAME.png`, by its place among all.

    What cannot be judged or drawn does not stop the rest. One picture is in memory, and each is decoded once.
    """
    from unmask import artifacts
    from unmask.errors import ImageError, StorageError
    from unmask.figures import png
    from unmask.serving import explaining
    from unmask.serving.detector import summary
    from unmask.serving.judgements import Judgement

    artifacts.make_folder(folder)
    for number, picture in enumerate(pictures, start=1):
        if isinstance(picture.content, ImageError):
            yield Judgement(picture.name, picture.content)
            continue
        name = Path(picture.name).name
        try:
            reasons = explaining.reasons_of(detector, network, picture.content)
            with artifacts.atomic_path(folder / heatmap_name(number, name)) as temporary:
                temporary.write_bytes(png(explaining.draw(reasons, name=name, model=detector.name)))
            yield Judgement(picture.name, summary([reason.verdict for reason in reasons]))
        except ImageError as error:
            yield Judgement(picture.name, error)
        except StorageError as error:
            yield Judgement(picture.name, ImageError(f"{picture.name}: no heatmap: {error}"))


def heatmap_name(number: int, name: str) -> str:
    """Names a picture's heatmap, whatever characters and however many the picture's own name has."""
    from unmask.data.archives.names import shown

    stem = os.fsencode(shown(Path(name).stem))[:STEM_BYTES].decode(errors="ignore")
    return f"{number:04d}-{stem}.png"


def show_judgements(found: list[Any], *, detector: Any) -> None:
    """Draws the table of verdicts, and below it what is to be said of some."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from unmask.data.archives.names import shown

    table = Table(title=f"{detector.name}: fake from P(fake) {detector.threshold:.3f} on", title_justify="left")
    table.add_column("Image", overflow="fold")
    table.add_column("Verdict", no_wrap=True)
    table.add_column("P(fake)", justify="right", no_wrap=True)
    knows_alike = bool(detector.baseline.bins)  # a file of `unmask export` does not
    if knows_alike:
        table.add_column("Fakes\namong alike", justify="right", no_wrap=True)
    for one in found:
        *texts, remarks = (Text(shown(cell), style=style) for cell, style in one.cells(knows_alike=knows_alike))
        name = Text(shown(one.name))
        table.add_row(Text("\n").join([name, remarks]) if remarks else name, *texts)
    console = Console()
    with console.capture() as drawn:  # printed by itself, it would end with status 1 where nobody reads on
        console.print(table)
    typer.echo(drawn.get(), nl=False)
    if knows_alike:
        typer.echo("Fakes among alike: of the test pictures with such a score,\nhow many were fake (95% interval).")
    if knows_alike and any(one.is_unsure for one in found):
        typer.echo("Unsure: these do not settle it, or a remark says that\nnothing like the picture was ever tried.")


def explain(
    image: Annotated[Path, typer.Argument(help="A picture: JPEG, PNG or WebP.")],
    output: Annotated[Path, typer.Option(help="The PNG to write.")] = Path("explanation.png"),
    model: Detector = "champion",
) -> None:
    """Show why a picture was judged as it was: what the network saw, a heatmap, and the spectrum, side by side.

    A heatmap marks what speaks for the answer; whether this model's can be believed, its model card says.
    """
    from unmask import artifacts
    from unmask.data.archives.names import shown

    if output.suffix.lower() != PNG_SUFFIX:
        raise typer.BadParameter(f"{output} must end in {PNG_SUFFIX}", param_hint="--output")
    detector, network = load_with_network(model)
    from unmask.figures import png
    from unmask.serving import explaining

    reasons = explaining.reasons_of(detector, network, image)
    with artifacts.atomic_path(output) as temporary:
        temporary.write_bytes(png(explaining.draw(reasons, name=image.name, model=detector.name)))
    verdict = reasons[0].verdict
    typer.echo(f"{shown(str(image))}: {verdict.label}, P(fake) {verdict.score:.3f}; see {output}")


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
        from unmask.serving.locate import find_outputs, model_named
        from unmask.serving.pipeline_model import load_model

        name = model_named(model, reports=REPORTS)
        detector = load_model(find_outputs(name, folder=MODELS), REPORTS / "evaluate" / name)
    write(detector, file)
    typer.echo(f"{detector.name} is now in {file}")
