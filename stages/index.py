"""Stage `index`: reads every image of the zip once and records what it is."""

import argparse
import logging
import time
from pathlib import Path

from unmask import config
from unmask.artifacts import atomic_path, write_csv, write_json, write_text
from unmask.console import run_stage
from unmask.data.audit.index_report import index_page
from unmask.data.index import index_archive
from unmask.data.pictures.thumbnails import ThumbnailFile
from unmask.data.raw import find_archive, require_source

logger = logging.getLogger("unmask.stages.index")


def main() -> None:
    """Runs the stage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--params", type=Path, default=Path("params.yaml"), help="the parameters")
    parser.add_argument("--raw", type=Path, required=True, help="what download made")
    parser.add_argument("--output", type=Path, required=True, help="folder for records, rejects, audit and thumbnails")
    parser.add_argument("--debug", action="store_true", help="show tracebacks")
    arguments = parser.parse_args()
    parameters = config.load(arguments.params).index
    archive = find_archive(arguments.raw)
    started = time.monotonic()
    logger.info("index: %s", archive)
    with atomic_path(arguments.output) as output:
        output.mkdir()
        with ThumbnailFile(output / "thumbnails.npy") as thumbnails:
            index = index_archive(archive, parameters, thumbnails=thumbnails)
        write_csv(output / "records.csv", index.records)
        write_csv(output / "rejects.csv", index.rejects)
        write_json(output / "audit.json", index.audit)
        page = index_page(index.audit, index.rejects, source=require_source(arguments.raw), config=parameters)
        write_text(output / "audit.html", page)
    seconds = time.monotonic() - started
    counts = (len(index.records), len(index.rejects))
    logger.info("index: %d records, %d rejects in %.1f s -> %s", *counts, seconds, arguments.output)


if __name__ == "__main__":
    run_stage(main)
