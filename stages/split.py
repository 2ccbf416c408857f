"""Stage `split`: shares the records out between train, validation and test."""

import argparse
import logging
import time
from pathlib import Path

from unmask import config
from unmask.artifacts import atomic_path, write_csv, write_json
from unmask.console import run_stage
from unmask.data.duplicates import find_copies
from unmask.data.raw import find_archive
from unmask.data.record_tables import read_records
from unmask.data.splits import split_records
from unmask.data.thumbnails import read_thumbnails

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
    copies = find_copies(
        records,
        read_thumbnails(arguments.index / "thumbnails.npy", num_images=len(records)),
        find_archive(arguments.raw),
        distance=parameters.split.near_duplicate_distance,
        workers=parameters.index.workers,
        max_pixels=parameters.index.max_pixels,
    )
    split = split_records(records, parameters.split, copies=copies)
    with atomic_path(arguments.output) as output:
        for name, table in split.tables.items():
            write_csv(output / f"{name}.csv", table)
        write_csv(output / "copies.csv", copies)
        write_json(output / "summary.json", split.summary)
    sizes = ", ".join(f"{len(table)} {name}" for name, table in split.tables.items())
    logger.info("split: %s in %.1f s -> %s", sizes, time.monotonic() - started, arguments.output)


if __name__ == "__main__":
    run_stage(main)
