"""Packs each split's images into shards, as the models will see them."""

import argparse
import logging
import time
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from unmask import artifacts, config
from unmask.console import progress, run_stage
from unmask.data import preprocess, shards
from unmask.data.raw import find_archive
from unmask.data.record_tables import read_split
from unmask.records import SPLITS, TRAIN

SHOWN_BY = ("image_size", "fit", "resample", "equalise")  # what serving must do as well

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
    started = time.monotonic()
    with ExitStack() as stack:  # all splits appear, or none
        folders = {split: stack.enter_context(artifacts.atomic_path(arguments.output / split)) for split in SPLITS}
        for split, folder in folders.items():
            records = read_split(arguments.split / f"{split}.csv")
            if split == TRAIN:
                records = preprocess.some_of(records, parameters.preprocess.train_share)
            pack(folder, records=records, archive=archive, parameters=parameters)
    logger.info("preprocess: %s in %.1f s", arguments.output, time.monotonic() - started)


def pack(folder: Path, *, records: pd.DataFrame, archive: Path, parameters: config.Config) -> None:
    """Packs one split."""
    logger.info("preprocess %s: %d images from %s", folder.name, len(records), archive)
    prepared = preprocess.examples(
        archive,
        records.sort_values(["sha256", "member"]),
        config=parameters.preprocess,
        max_pixels=parameters.index.max_pixels,
    )
    stream = progress(prepared, total=len(records), description=f"preprocess {folder.name}")
    about = {"preprocess": {key: asdict(parameters.preprocess)[key] for key in SHOWN_BY}}
    megabytes = parameters.preprocess.shard_megabytes
    shards.write(folder, stream, total=len(records), shard_megabytes=megabytes, about=about)


if __name__ == "__main__":
    run_stage(main)
