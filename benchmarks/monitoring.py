r"""Holds pictures of several kinds against a bundle's validation pictures; docs/monitoring.json keeps what was found.

    python -m benchmarks.monitoring --archive "$UNMASK_REAL_DATA/faces-140k-subset.zip" --recipe real-subset \
      --model cnn --other faceswap photoshop stylegan-other

The stages run in a clone below benchmarks/tmp, as those of benchmarks.real_faces do: a model that it has trained there
is not trained again. In the test pictures of its own split no drift may be found, and in those of every other archive
it must be; else the command fails.
"""

import argparse
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import monitoring_section, real_faces, results_page
from unmask import artifacts
from unmask.console import progress, run_stage
from unmask.data.archives.directory import read_directory
from unmask.data.archives.entries import Entry
from unmask.data.archives.reader import ArchiveReader
from unmask.errors import MonitoringError
from unmask.records import TEST
from unmask.serving.bundle.manifest import read_manifest
from unmask.serving.bundle.read import load_bundle
from unmask.serving.inputs import SUFFIXES
from unmask.serving.monitoring.compare import Rule, compare
from unmask.serving.monitoring.reading import read_reference, read_scores
from unmask.serving.scoring import resume, run

PROGRAM = "python -m benchmarks.monitoring"
ENGINE, PART = "openvino", 1000
RULE = Rule(significance=0.01, limit=0.1)
SEED = 7


def main() -> None:
    """Scores each set, compares it, and writes what was found."""
    arguments = real_faces.read_arguments(__doc__, add=add_arguments)
    real_data, folder = real_faces.real_data_folder(), arguments.work_folder
    spelt = real_faces.spell_command(PROGRAM, arguments, real_data=real_data)
    spelt += f" --other {' '.join(arguments.other)}"
    commit = real_faces.reproduced(arguments, "export", changes=arguments.set)
    bundle = folder / "bundles" / arguments.model
    held_out = set(pd.read_csv(folder / "data" / "split" / f"{TEST}.csv")["member"])
    found = {}
    with tempfile.TemporaryDirectory() as temporary:
        for name in (monitoring_section.HELD_OUT, *arguments.other):
            archive = arguments.archive if name == monitoring_section.HELD_OUT else real_data / f"{name}.zip"
            chosen = Path(temporary, f"{name}.zip")
            choose(
                archive,
                chosen,
                members=held_out if name == monitoring_section.HELD_OUT else None,
                limit=arguments.pictures,
            )
            score(chosen, chosen.with_suffix(".parquet"), bundle=bundle)
            found[name] = compared(chosen.with_suffix(".parquet"), bundle)
    rule = {"significance": RULE.significance, "limit": RULE.limit}
    command = f"{spelt}  # {commit}"
    artifacts.write_json(monitoring_section.MONITORING, {"rule": rule, "command": command, "sets": found})
    results_page.main()
    wrong = [name for name, one in found.items() if bool(one["drift"]) == (name == monitoring_section.HELD_OUT)]
    if wrong:
        raise MonitoringError(f"not as expected: {', '.join(wrong)}")


def choose(archive: Path, target: Path, *, members: set[str] | None, limit: int) -> None:
    """Copies some pictures of an archive: of some members, and no more than a limit, drawn with a fixed seed."""
    entries: list[Entry] = [
        entry
        for entry in read_directory(archive).entries.sorted_by_name()
        if entry.name.lower().endswith(SUFFIXES) and (members is None or entry.name in members)
    ]
    drawn = np.random.default_rng(SEED).permutation(len(entries))[:limit]
    with ArchiveReader(archive) as reader, zipfile.ZipFile(target, "w") as copy:
        for place in sorted(drawn.tolist()):
            copy.writestr(zipfile.ZipInfo(entries[place].name), reader.read(entries[place]))


def score(pictures: Path, table: Path, *, bundle: Path) -> None:
    """Does what `unmask score` does."""
    wish = resume.wish_for(str(pictures), bundle=bundle, engine=ENGINE, part_pictures=PART)
    with resume.begun(table, wish) as scoring:
        steps = run.run(scoring, scoring.missing(), run.here(lambda: load_bundle(bundle, engine=ENGINE)))
        list(progress(steps, total=scoring.about.pictures, description=pictures.stem, unit="pictures", size=int))


def compared(table: Path, bundle: Path) -> dict[str, Any]:
    """Does what `unmask monitor` does."""
    scores = read_scores([table], model_sha256=read_manifest(bundle).model_sha256)
    comparisons = compare(read_reference(bundle).table, scores.table, RULE)
    return {
        "pictures": len(scores.table),
        "drift": [one.measure.name for one in comparisons if one.is_drift],
        "differences": {one.measure.name: round(one.difference, 4) for one in comparisons},
        "p_values": {one.measure.name: round(one.corrected, 6) for one in comparisons},
    }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what only this measurement knows."""
    parser.add_argument("--other", nargs="+", required=True, help="archives of UNMASK_REAL_DATA, without .zip")
    parser.add_argument("--pictures", type=int, default=600, help="of each, at most")


if __name__ == "__main__":
    run_stage(main)
