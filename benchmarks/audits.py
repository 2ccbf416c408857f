"""Audits an archive of real faces with the pipeline's own stages, and keeps what was found in docs/audits.json.

    python -m benchmarks.audits --archive "$UNMASK_REAL_DATA/photoshop.zip"

No name and no picture of the archive is kept: counts and findings only.
"""

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks import results, results_page, workspace
from benchmarks.real_faces import REAL_DATA, of_archive
from unmask import artifacts
from unmask.console import run_stage

WORK = Path("benchmarks/tmp/audits")
PROFILE = "real-subset"


def main() -> None:
    """Runs download, index and split on the archive, then writes docs/audits.json and docs/results.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--archive", type=Path, required=True, help=f"a zip of faces in {REAL_DATA}")
    parser.add_argument("--debug", action="store_true", help="shows tracebacks")
    arguments = parser.parse_args()
    audits = results.kept(results_page.AUDITS, nothing={})
    audits[arguments.archive.stem] = audit(arguments.archive.absolute())
    artifacts.write_json(results_page.AUDITS, audits)
    results_page.main()


def audit(archive: Path) -> dict[str, Any]:
    """Runs the three stages and gathers what they say.

    Args:
        archive: a zip of faces.

    Returns:
        Counts and findings, without the names of images.
    """
    folder = WORK / archive.stem
    raw, index, split = (folder / name for name in ("raw", "index", "split"))
    changes = of_archive(archive)
    (folder / "profiles").mkdir(parents=True, exist_ok=True)
    profile = (Path("profiles") / f"{PROFILE}.yaml").read_text(encoding="utf-8")
    (folder / "profiles" / f"{PROFILE}.yaml").write_text(profile, encoding="utf-8")
    workspace.write_parameters(folder, profile=PROFILE, changes=changes)
    params = folder / "params.yaml"
    run("download", "--params", params, "--output", raw)
    run("index", "--params", params, "--raw", raw, "--output", index)
    run("split", "--params", params, "--raw", raw, "--index", index, "--output", split)
    indexed = artifacts.read_json(index / "audit.json")
    found = artifacts.read_json(split / "audit.json")
    kept = ("images", "copies", "looked_at", "shortcuts", "drift", "findings", "moved")
    return {**{key: found[key] for key in kept}, "rejects": indexed["rejects"], "classes": indexed["classes"]}


def run(stage: str, *arguments: str | Path) -> None:
    """Runs a stage as DVC does, showing what it says."""
    done = subprocess.run([sys.executable, f"stages/{stage}.py", *map(str, arguments)], check=False)
    if done.returncode:
        raise workspace.MeasurementError(f"the stage {stage} failed with {done.returncode}; its message is above")


if __name__ == "__main__":
    run_stage(main)
