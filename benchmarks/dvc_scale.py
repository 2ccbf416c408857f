"""Measures DVC on an archive of the real size: kept as this pipeline keeps it, and as loose files.

    python -m benchmarks.dvc_scale
    python -m benchmarks.dvc_scale --images 5000 --rounds 1

The second is a trial: it shows its lines and leaves the benchmark's file alone. What is needed at the full size: 40 GB
of disk below benchmarks/tmp, and about half an hour. `--keep` leaves the clones and the archive there.
"""

import argparse
import shutil
from dataclasses import dataclass
from pathlib import Path

from benchmarks import comparison, dvc_repositories, generated_jpegs, shard_change
from benchmarks.comparison import Comparison, compare, in_turn
from benchmarks.dvc_repositories import Repository, Run
from benchmarks.generated_jpegs import NUM_KAGGLE_IMAGES
from benchmarks.shard_change import Change
from unmask.console import run_stage

NAME = "dvc-scale"
FOLDER = Path("benchmarks/tmp")
NUM_SMALL_IMAGES = 1000
NOTHING_LIMIT_SECONDS = 3.0
SMALL_LIMIT_RATIO = 1.3  # of the seconds at the full size to those of 1,000 images
NOTHING_ROUNDS = 5
MEGABYTE = 1e6
LOOSE = "the same images as loose files"


@dataclass(frozen=True)
class Repositories:
    """The clones that take turns, in this order: the first to run reads Python's packages from the disk for all.

    Attributes:
        small: this pipeline on 1,000 images.
        packed: this pipeline on the whole archive.
        loose: the loose files of the whole archive.
    """

    small: Repository
    packed: Repository
    loose: Repository


def main() -> None:
    """Makes the archives and the clones, measures, writes the file, cleans up."""
    arguments = read_arguments()
    folder = FOLDER / NAME
    try:
        lines = measure(folder, num_images=arguments.images, rounds=arguments.rounds)
    finally:
        if not arguments.keep:
            shutil.rmtree(folder, ignore_errors=True)
            for num_images in (arguments.images, NUM_SMALL_IMAGES):
                generated_jpegs.path_of(FOLDER, num_images=num_images).unlink(missing_ok=True)
    is_trial = arguments.images != NUM_KAGGLE_IMAGES
    comparison.report(NAME, lines, trial=f"{arguments.images} images" if is_trial else "")


def read_arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=NUM_KAGGLE_IMAGES, help="how many images the archive holds")
    parser.add_argument("--rounds", type=int, default=3, help="how often push and pull are measured")
    parser.add_argument("--keep", action="store_true", help="leaves archives and clones below benchmarks/tmp")
    parser.add_argument("--debug", action="store_true", help="shows tracebacks")
    return parser.parse_args()


def measure(folder: Path, *, num_images: int, rounds: int) -> list[Comparison]:
    """Measures everything, in an order that needs the least disk."""
    checkout = Path.cwd()
    archive = generated_jpegs.archive_of(FOLDER, num_images=num_images)
    small_archive = generated_jpegs.archive_of(FOLDER, num_images=NUM_SMALL_IMAGES)
    repositories = Repositories(
        small=dvc_repositories.packed(folder / "small", archive=small_archive, checkout=checkout),
        packed=dvc_repositories.packed(folder / "packed", archive=archive, checkout=checkout),
        loose=dvc_repositories.loose(folder / "loose", archive=archive, checkout=checkout),
    )
    first = {name: dvc_repositories.reproduce(repository) for name, repository in vars(repositories).items()}
    lines = first_run_lines(first["packed"], first["loose"])
    lines += nothing_lines(repositories)
    lines += transfer_lines(repositories, rounds=rounds)
    shutil.rmtree(repositories.loose.folder)
    dvc_repositories.push_all(repositories.packed)
    return lines + change_lines(shard_change.measure(repositories.packed, archive=archive), first["packed"])


def first_run_lines(packed: Run, loose: Run) -> list[Comparison]:
    """Compares the first runs, as a whole and by stage."""
    whole = compare(
        "the first run, download to preprocess",
        [packed.seconds],
        peer=(f"{LOOSE}: unpack, index, split", [loose.seconds]),
        at_least=1.0,
        unit="s",
        better="lower",
    )
    peers = {"download": "unpack", "index": "index", "split": "split", "preprocess": "not needed"}
    parts = [
        compare(
            f"of it {stage}, and keeping its outputs",
            [packed.stages[stage]],
            peer=(peer, [loose.stages[stage]] if stage in loose.stages else None),
            at_least=None,
            unit="s",
            better="lower",
        )
        for stage, peer in peers.items()
    ]
    return [whole, *parts]


def nothing_lines(repositories: Repositories) -> list[Comparison]:
    """Compares a `dvc repro` that has nothing to do with its limits and with loose files."""
    ways = {
        name: lambda repository=repository: dvc_repositories.reproduce_nothing(repository)
        for name, repository in vars(repositories).items()
    }
    seconds = in_turn(ways, rounds=NOTHING_ROUNDS)
    bars: dict[str, tuple[float | list[float], float]] = {
        "the limit": (NOTHING_LIMIT_SECONDS, 1.0),
        f"{NUM_SMALL_IMAGES:,} images (ours may take {SMALL_LIMIT_RATIO} times as long)": (
            seconds["small"],
            round(1 / SMALL_LIMIT_RATIO, 3),
        ),
        LOOSE: (seconds["loose"], 1.0),
    }
    return [
        compare(
            "dvc repro with nothing to do",
            seconds["packed"],
            peer=(name, figures),
            at_least=at_least,
            unit="s",
            better="lower",
        )
        for name, (figures, at_least) in bars.items()
    ]


def transfer_lines(repositories: Repositories, *, rounds: int) -> list[Comparison]:
    """Compares pushing to an empty remote and pulling into an empty clone."""
    packed, loose = repositories.packed, repositories.loose
    seconds = in_turn(
        {
            "push shards": lambda: dvc_repositories.push_last_stage(emptied_remote(packed)),
            "push rest": lambda: dvc_repositories.push_all(packed),
            "pull shards": lambda: dvc_repositories.pull_last_stage(without_data(packed)),
            "pull rest": lambda: dvc_repositories.pull_all(packed),
            "push loose": lambda: dvc_repositories.push_all(emptied_remote(loose, also=packed)),
            "pull loose": lambda: dvc_repositories.pull_all(without_data(loose)),
        },
        rounds=rounds,
    )
    lines = []
    for verb in ("push", "pull"):
        both = [sum(pair) for pair in zip(seconds[f"{verb} shards"], seconds[f"{verb} rest"], strict=True)]
        whats = {
            f"dvc {verb} of the shards, what training reads": seconds[f"{verb} shards"],
            f"dvc {verb} of everything, the zip and the shards": both,
        }
        lines += [
            compare(what, ours, peer=(LOOSE, seconds[f"{verb} loose"]), at_least=1.0, unit="s", better="lower")
            for what, ours in whats.items()
        ]
    return lines


def emptied_remote(repository: Repository, *, also: Repository | None = None) -> Repository:
    """Empties the remote, and another one that would only take disk."""
    for one in (repository, also):
        if one is not None:
            dvc_repositories.empty_remote(one)
    return repository


def without_data(repository: Repository) -> Repository:
    """Takes all data out of the clone."""
    dvc_repositories.forget_data(repository)
    return repository


def change_lines(change: Change, first: Run) -> list[Comparison]:
    """Says what one more image made DVC store anew, and how long it took."""
    shards = f"all {change.num_shards} files of data/shards"
    one_more = "one image added to the archive"
    figures = {
        f"{one_more}: {change.num_new} files of data/shards new to the cache": (
            change.cache_shard_bytes,
            (shards, change.shard_bytes),
        ),
        f"{one_more}: data/shards new to the remote": (change.remote_bytes, (shards, change.shard_bytes)),
        f"{one_more}: everything new to the cache, the zip included": (
            change.cache_bytes,
            ("everything", change.all_bytes),
        ),
    }
    lines = [
        compare(
            what,
            [ours / MEGABYTE],
            peer=(name, [peer / MEGABYTE]),
            at_least=None if name == "everything" else 10.0,
            unit="MB",
            better="lower",
        )
        for what, (ours, (name, peer)) in figures.items()
    ]
    took = ("the first run", [first.seconds])
    lines.append(
        compare(f"{one_more}: dvc repro", [change.seconds], peer=took, at_least=None, unit="s", better="lower")
    )
    return lines


if __name__ == "__main__":
    run_stage(main)
