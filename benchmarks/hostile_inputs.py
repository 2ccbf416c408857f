"""Sends a thousand hostile requests to a real `unmask serve`; docs/serving.md keeps how it fared.

    python -m benchmarks.hostile_inputs
    python -m benchmarks.hostile_inputs --requests 100

The second is a trial: it shows its table and leaves docs/serving-campaign.json and the page alone. Either fails where
one request is not answered by a verdict or by a refusal that says why, where another client is kept waiting, or where
the service is not as before.
"""

import argparse
import shutil
from pathlib import Path

from benchmarks import serving_section
from benchmarks.hostile.campaign import SEED, campaign, faults_of
from benchmarks.paper_bundles import make_bundle
from benchmarks.workspace import MeasurementError
from unmask import artifacts
from unmask.console import run_stage

FOLDER = Path("benchmarks/tmp/hostile-inputs")
MODEL = "cnn"
REQUESTS = 1000


def main() -> None:
    """Makes a bundle, attacks its service, writes what was found."""
    arguments = read_arguments()
    shutil.rmtree(FOLDER, ignore_errors=True)
    make_bundle(MODEL, FOLDER / MODEL)
    found = campaign(FOLDER / MODEL, requests=arguments.requests, seed=arguments.seed)
    print(serving_section.table_of(found))
    if faults := faults_of(found):
        raise MeasurementError("not as it must be:\n" + "\n".join(faults))
    if (arguments.requests, arguments.seed) == (REQUESTS, SEED):
        artifacts.write_json(serving_section.FOUND, found)
        serving_section.main()


def read_arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=REQUESTS, help="about how many")
    parser.add_argument("--seed", type=int, default=SEED, help="the same seed draws the same requests")
    parser.add_argument("--debug", action="store_true", help="shows tracebacks")
    return parser.parse_args()


if __name__ == "__main__":
    run_stage(main)
