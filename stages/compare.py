"""Puts all evaluated models side by side, beside the paper's numbers, names the champion and writes its card."""

import argparse
import logging
import time
from dataclasses import asdict
from pathlib import Path

from unmask import artifacts, config, environment
from unmask.console import run_stage, show_table, silent_start
from unmask.data.raw import require_source
from unmask.evaluation.compare import cells, differences_markdown, markdown
from unmask.evaluation.evidence import Evidence, read_judged, weigh
from unmask.evaluation.judge import read_report
from unmask.evaluation.model_card import model_card
from unmask.evaluation.report_page import render
from unmask.evaluation.report_sections import comparison_page, draw_heatmap
from unmask.figures import png
from unmask.tracking.provenance import dvc_digest

logger = logging.getLogger("unmask.stages.compare")


def main() -> None:
    """Reads what is known of every model, writes one folder: the table, the report, the champion and its card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--params", type=Path, required=True)
    parser.add_argument("--evaluations", type=Path, nargs="+", required=True, help="the evaluations' folders")
    parser.add_argument(
        "--externals", type=Path, nargs="+", required=True, help="what evaluate_external made, by model"
    )
    parser.add_argument("--models", type=Path, nargs="+", required=True, help="what train made, in the same order")
    parser.add_argument("--raw", type=Path, required=True, help="what download made")
    parser.add_argument("--audit", type=Path, required=True, help="the audit.json of the split")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--debug", action="store_true")
    arguments = parser.parse_args()
    section = config.load(arguments.params).compare
    started = time.monotonic()
    logger.info("compare: %s", ", ".join(str(folder) for folder in arguments.evaluations))
    folders = zip(arguments.evaluations, arguments.externals, arguments.models, strict=True)
    judged = [
        read_judged(evaluation, external=external, model=model, lock_digest=dvc_digest(model))
        for evaluation, external, model in folders
    ]
    evidence = weigh(
        {one.report["model"]: one for one in judged},
        source=require_source(arguments.raw),
        audit=read_report(arguments.audit),
        champion_metric=section.champion_metric,
    )
    with artifacts.atomic_path(arguments.output) as folder:
        write(folder, evidence)
    header, *lines = cells(evidence.comparison)
    show_table(header, lines)
    for line in differences_markdown(evidence.tests).splitlines():
        logger.info("compare: %s", line.removeprefix("- "))
    with silent_start():
        from unmask.tracking import mirror
    model_folder = dict(zip(evidence.models, arguments.models, strict=True))[evidence.comparison.champion.model]
    mirror.record_comparison(arguments.output, model_folder=model_folder, environment=environment.read())
    seconds = time.monotonic() - started
    champion = evidence.comparison.champion.model
    logger.info("compare: champion %s, %s in %.1f s", champion, arguments.output, seconds)


def write(folder: Path, evidence: Evidence) -> None:
    """Writes everything that is known of all models together."""
    comparison, tests = evidence.comparison, evidence.tests
    artifacts.write_csv(folder / "table.csv", comparison.table)
    artifacts.write_csv(folder / "differences.csv", tests)
    artifacts.write_text(folder / "table.md", f"{markdown(comparison)}\n{differences_markdown(tests)}")
    artifacts.write_json(folder / "champion.json", asdict(comparison.champion))
    heatmap = b""
    if (figure := draw_heatmap(evidence)) is not None:
        heatmap = png(figure)
        (folder / "plots").mkdir()
        (folder / "plots" / "robustness.png").write_bytes(heatmap)
    artifacts.write_text(folder / "report.html", render(comparison_page(evidence, heatmap=heatmap)))
    card = model_card(evidence)
    artifacts.write_text(folder / "model-card.md", card.markdown)
    artifacts.write_text(folder / "model-card.html", card.html)


if __name__ == "__main__":
    run_stage(main)
