"""Packs one evaluated model as a bundle: networks for fast engines, and all that makes them a detector."""

import argparse
import logging
import time
from pathlib import Path

from unmask import artifacts, config
from unmask.console import run_stage, silent_start
from unmask.data.raw import find_archive, require_source
from unmask.data.record_tables import read_curve, read_records, read_split
from unmask.evaluation.cautions import data_warnings, warnings_of
from unmask.evaluation.evidence import read_judged, weigh
from unmask.evaluation.judge import read_judge, read_report, read_value
from unmask.evaluation.model_card import model_card
from unmask.records import TRAIN, VALIDATION
from unmask.serving.verdict import Bin
from unmask.tracking.provenance import dvc_digest

logger = logging.getLogger("unmask.stages.export")


def main() -> None:
    """Reads a model, its evaluation and the pictures it learnt from, writes `bundles/<model>`."""
    arguments = read_arguments()
    parameters = config.load(arguments.params)
    started = time.monotonic()
    logger.info("export %s: %s", arguments.model, arguments.model_folder)
    with silent_start():
        from unmask.models import saved
        from unmask.serving.bundle.write import Judged, Learnt, write
    found = read_judged(
        arguments.report,
        external=arguments.external,
        model=arguments.model_folder,
        lock_digest=dvc_digest(arguments.model_folder),
    )
    source = require_source(arguments.raw)
    alone = weigh(
        {arguments.model: found},
        source=source,
        audit=read_report(arguments.audit),
        champion_metric=parameters.compare.champion_metric,
    )
    records = read_records(arguments.records)
    train, validation = (
        records[records["member"].isin(read_split(arguments.split / f"{split}.csv")["member"])]
        for split in (TRAIN, VALIDATION)
    )
    judged = Judged(
        name=arguments.model,
        network=saved.load(arguments.model_folder / "model.keras"),
        model_sha256=str(found.report["model_sha256"]),
        preprocess=read_value(arguments.model_folder / "training.json", "preprocess"),
        judge=read_judge(arguments.report / "metrics.json"),
        bins=[Bin(**row) for row in read_curve(arguments.report / "curves" / "reliability.csv")],
        warnings=[*data_warnings(source), *warnings_of(found)],
        card=model_card(alone).markdown,
        source=source,
    )
    learnt = Learnt(find_archive(arguments.raw), train, validation, limit=parameters.export.reference_images)
    with artifacts.atomic_path(arguments.output) as folder:
        folder.mkdir()
        difference = write(folder, judged, learnt, finds_faces=parameters.export.find_faces)
    seconds = time.monotonic() - started
    logger.info("export %s: within %.1e of Keras, %s in %.1f s", arguments.model, difference, arguments.output, seconds)


def read_arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--params", type=Path, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--model-folder", type=Path, required=True)
    parser.add_argument("--report", type=Path, required=True, help="what evaluate made of the model")
    parser.add_argument("--external", type=Path, required=True, help="what evaluate_external made of it")
    parser.add_argument("--audit", type=Path, required=True, help="the audit.json of the split")
    parser.add_argument("--raw", type=Path, required=True)
    parser.add_argument("--records", type=Path, required=True, help="the index's records.csv")
    parser.add_argument("--split", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--debug", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    run_stage(main)
