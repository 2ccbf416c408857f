"""Stage `download`: brings one zip of labelled faces into `data/raw`."""

import argparse
import logging
import time
from dataclasses import asdict
from pathlib import Path

from unmask import config
from unmask.artifacts import atomic_path, write_json
from unmask.console import run_stage
from unmask.data.download import fetch_archive
from unmask.data.raw import SOURCE_FILE, Folders

logger = logging.getLogger("unmask.stages.download")


def main() -> None:
    """Runs the stage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--params", type=Path, default=Path("params.yaml"), help="the parameters")
    parser.add_argument("--output", type=Path, required=True, help="folder for the zip and source.json")
    parser.add_argument("--debug", action="store_true", help="show tracebacks")
    arguments = parser.parse_args()
    parameters = config.load(arguments.params).download
    started = time.monotonic()
    logger.info("download: source %s", parameters.source)
    # Outside the temporary folder of the output, so that the next run finds what an interrupted one has fetched.
    partial = arguments.output.with_name(f".partial.{arguments.output.name}")
    with atomic_path(arguments.output) as output:
        source = fetch_archive(parameters, Folders(target=output, output=arguments.output, partial=partial))
        write_json(output / SOURCE_FILE, asdict(source))
    seconds = time.monotonic() - started
    logger.info("download: %d bytes in %.1f s -> %s", source.bytes, seconds, arguments.output / source.archive)


if __name__ == "__main__":
    run_stage(main)
