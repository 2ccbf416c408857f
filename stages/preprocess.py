"""Packs each split's images into shards, as the models will see them."""

import argparse
import logging
import time
from dataclasses import asdict
from pathlib import Path

from unmask import artifacts, config
from unmask.console import progress, run_stage
from unmask.data import preprocess, shards
from unmask.data.raw import find_archive
from unmask.data.record_tables import read_split
from unmask.records import SPLITS

logger = logging.getLogger("unmask.stages.preprocess")


def main() -> None:
    """Reads the archive and the split tables, writes one folder of shards a split."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--params", type=Path, required=True)
    parser.add_argument("--raw", type=Path, required=True)
    parser.add_argument("--split", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--debug", action="store_true")
    arguments = parser.parse_args()
    parameters = config.load(arguments.params)
    archive = find_archive(arguments.raw)
    for split in SPLITS:
        pack(split, archive=archive, parameters=parameters, tables=arguments.split, output=arguments.output)


def pack(split: str, *, archive: Path, parameters: config.Config, tables: Path, output: Path) -> None:
    """Packs one split."""
    started = time.monotonic()
    records = read_split(tables / f"{split}.csv").sort_values("sha256", kind="stable")
    logger.info("preprocess %s: %d images from %s", split, len(records), archive)
    prepared = preprocess.examples(
        archive, records, config=parameters.preprocess, max_pixels=parameters.index.max_pixels
    )
    stream = progress(prepared, total=len(records), description=f"preprocess {split}")
    about = {"preprocess": {key: asdict(parameters.preprocess)[key] for key in ("image_size", "fit", "resample")}}
    with artifacts.atomic_path(output / split) as folder:
        shards.write(
            folder, stream, total=len(records), shard_megabytes=parameters.preprocess.shard_megabytes, about=about
        )
    logger.info("preprocess %s: %s in %.1f s", split, output / split, time.monotonic() - started)


if __name__ == "__main__":
    run_stage(main)
