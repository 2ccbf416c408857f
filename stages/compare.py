"""Puts all evaluated models in one table, beside the paper's numbers, and names the champion."""

import argparse
import logging
import time
from dataclasses import asdict
from pathlib import Path

from unmask import artifacts, config
from unmask.console import run_stage, show_table
from unmask.data.raw import require_source
from unmask.data.record_tables import read_external, read_predictions
from unmask.evaluation.compare import cells, compare, differences, differences_markdown, markdown
from unmask.evaluation.judge import read_report
from unmask.evaluation.model_card import model_card

logger = logging.getLogger("unmask.stages.compare")


def main() -> None:
    """Reads every model's metrics, writes one folder with the table and the champion."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--params", type=Path, required=True)
    parser.add_argument("--evaluations", type=Path, nargs="+", required=True, help="the evaluations' folders")
    parser.add_argument(
        "--externals", type=Path, nargs="+", required=True, help="what evaluate_external made, by model"
    )
    parser.add_argument("--raw", type=Path, required=True, help="what download made")
    parser.add_argument("--audit", type=Path, required=True, help="the audit.json of the split")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--debug", action="store_true")
    arguments = parser.parse_args()
    section = config.load(arguments.params).compare
    started = time.monotonic()
    logger.info("compare: %s", ", ".join(str(folder) for folder in arguments.evaluations))
    listed = [read_report(folder / "metrics.json") for folder in arguments.evaluations]
    reports = {report["model"]: report for report in listed}
    comparison = compare(reports, champion_metric=section.champion_metric)
    predictions = {
        report["model"]: read_predictions(folder / "predictions.csv")
        for report, folder in zip(listed, arguments.evaluations, strict=True)
    }
    tests = differences(
        predictions,
        thresholds={name: report["threshold"] for name, report in reports.items()},
        confidence=min(report["confidence"] for report in reports.values()),
    )
    externals = {folder.name: read_external(folder / "external.csv") for folder in arguments.externals}
    audit = read_report(arguments.audit)
    with artifacts.atomic_path(arguments.output) as folder:
        artifacts.write_csv(folder / "table.csv", comparison.table)
        artifacts.write_csv(folder / "differences.csv", tests)
        artifacts.write_text(folder / "table.md", f"{markdown(comparison)}\n{differences_markdown(tests)}")
        card = model_card(
            comparison,
            source=require_source(arguments.raw),
            audit=audit,
            report=reports[comparison.champion.model],
            tests=tests,
            external=externals.get(comparison.champion.model, []),
        )
        artifacts.write_text(folder / "model-card.md", card)
        artifacts.write_json(folder / "champion.json", asdict(comparison.champion))
    header, *lines = cells(comparison)
    show_table(header, lines)
    for line in differences_markdown(tests).splitlines():
        logger.info("compare: %s", line.removeprefix("- "))
    seconds = time.monotonic() - started
    logger.info("compare: champion %s, %s in %.1f s", comparison.champion.model, arguments.output, seconds)


if __name__ == "__main__":
    run_stage(main)
