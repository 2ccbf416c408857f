"""Stage `split`: shares the records out between train, validation and test."""

import argparse
import logging
import shutil
import time
from pathlib import Path

from unmask import config
from unmask.artifacts import atomic_path, write_csv, write_json, write_text
from unmask.console import run_stage
from unmask.data.audit.findings import STOP, require_none_stops, warn
from unmask.data.audit.split_report import SplitAudit, audit_split
from unmask.data.copies.search import find_copies
from unmask.data.pictures.thumbnails import read_thumbnails
from unmask.data.raw import find_archive, require_source
from unmask.data.record_tables import read_records
from unmask.data.splits import split_records

logger = logging.getLogger("unmask.stages.split")


def main() -> None:
    """Runs the stage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--params", type=Path, default=Path("params.yaml"), help="the parameters")
    parser.add_argument("--raw", type=Path, required=True, help="what download made")
    parser.add_argument("--index", type=Path, required=True, help="what index made")
    parser.add_argument("--output", type=Path, required=True, help="folder for one table a split")
    parser.add_argument("--debug", action="store_true", help="show tracebacks")
    arguments = parser.parse_args()
    parameters = config.load(arguments.params)
    records = read_records(arguments.index / "records.csv")
    started = time.monotonic()
    logger.info("split: %d records from %s", len(records), arguments.index)
    archive = find_archive(arguments.raw)
    copies = find_copies(
        records,
        read_thumbnails(arguments.index / "thumbnails.npy", num_images=len(records)),
        archive,
        distance=parameters.split.near_duplicate_distance,
        workers=parameters.index.workers,
        max_pixels=parameters.index.max_pixels,
    )
    split = split_records(records, parameters.split, copies=copies)
    audit = audit_split(
        split.records,
        copies,
        archive=archive,
        source=require_source(arguments.raw),
        config=parameters,
    )
    warn(audit.findings)
    refuse(audit, arguments.output.with_name(f"{arguments.output.name}.refused"))
    with atomic_path(arguments.output) as output:
        for name, table in split.tables.items():
            write_csv(output / f"{name}.csv", table)
        write_csv(output / "copies.csv", copies)
        write_json(output / "audit.json", {**split.summary, **audit.summary})
        write_text(output / "audit.html", audit.page)
    sizes = ", ".join(f"{len(table)} {name}" for name, table in split.tables.items())
    logger.info("split: %s in %.1f s -> %s", sizes, time.monotonic() - started, arguments.output)


def refuse(audit: SplitAudit, folder: Path) -> None:
    """Leaves the audit of data that is not fit beside the output, and stops; the output itself stays as it was."""
    shutil.rmtree(folder, ignore_errors=True)
    if any(finding.verdict == STOP for finding in audit.findings):
        write_json(folder / "audit.json", audit.summary)
        write_text(folder / "audit.html", audit.page)
    require_none_stops(audit.findings, report=str(folder / "audit.html"))


if __name__ == "__main__":
    run_stage(main)
