"""Measures `unmask serve` under load: 50 clients that ask one request after another, against the bare engine.

    python -m benchmarks.load
    python -m benchmarks.load --seconds 5 --clients 20

The second is a trial: it shows its lines and leaves the benchmark's file alone. The networks are the paper's, with
random weights; the service has its default settings.
"""

import argparse
import logging
import os
import shutil
import statistics
from pathlib import Path

import numpy as np

from benchmarks import comparison
from benchmarks.comparison import Comparison, compare, none_of
from benchmarks.generated_jpegs import encode
from benchmarks.load_clients import Load, Looks, put_load
from benchmarks.paper_bundles import SIZES, make_bundle
from benchmarks.rate_server import rate_of
from benchmarks.running_service import RunningService, running_service
from unmask.console import run_stage
from unmask.serving.bundle.read import load_bundle
from unmask.serving.engines.engine import Engine

NAME = "load"
FOLDER = Path("benchmarks/tmp") / NAME
SECONDS, CLIENTS = 60, 50
MODELS = ("resnet50", "cnn")
HAS_BARS = {"resnet50": True, "cnn": False}
PICTURES = 200
WARM_UP_SECONDS, ENGINE_SECONDS, ENGINE_PICTURES = 3.0, 12.0, 128
FIRST_LOOK_SECONDS = 10.0
RATE_BAR = 0.8  # of the engine's rate
SPREAD = 3  # p99 in medians, at most
GROWTH = 1.05  # memory at the end, against the first look, at most
MEGABYTE, MILLISECOND = 1e6, 1e-3

logger = logging.getLogger("unmask.benchmarks")


def main() -> None:
    """Makes networks and pictures, measures, writes the file."""
    arguments = read_arguments()
    shutil.rmtree(FOLDER, ignore_errors=True)
    pictures = [encode(number) for number in range(PICTURES)]
    lines: list[Comparison] = []
    for name in MODELS:
        make_bundle(name, FOLDER / name)
        lines += measure(name, pictures, clients=arguments.clients, seconds=arguments.seconds)
    is_trial = (arguments.seconds, arguments.clients) != (SECONDS, CLIENTS)
    comparison.report(NAME, lines, trial=f"{arguments.clients} clients, {arguments.seconds} s" if is_trial else "")


def read_arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=SECONDS, help="how long the clients ask")
    parser.add_argument("--clients", type=int, default=CLIENTS, help="how many ask at the same time")
    parser.add_argument("--debug", action="store_true", help="shows tracebacks")
    return parser.parse_args()


def measure(name: str, pictures: list[bytes], *, clients: int, seconds: float) -> list[Comparison]:
    """Puts one network's service under load, between two measurements of its engine."""
    engine = load_bundle(FOLDER / name).engine
    with running_service(FOLDER / name) as service:
        put_load(service.port, pictures, clients=clients, seconds=WARM_UP_SECONDS)
        before = engine_rate(engine, side=SIZES[name], seconds=min(seconds, ENGINE_SECONDS))
        load = under_load(service, pictures, clients=clients, seconds=seconds)
        after = engine_rate(engine, side=SIZES[name], seconds=min(seconds, ENGINE_SECONDS))
    if load.errors:
        logger.warning("in the place of verdicts came: %s", dict(load.errors))
    what = f"{name} at {SIZES[name]} px, {clients} clients"
    return lines_of(what, load, engine_rates=[before, after], has_bars=HAS_BARS[name])


def engine_rate(engine: Engine, *, side: int, seconds: float) -> float:
    """Measures the engine alone: pictures a second, on one decoded picture again and again."""
    pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    return rate_of(lambda: list(engine.answers([pixels] * ENGINE_PICTURES)), images=ENGINE_PICTURES, seconds=seconds)


def under_load(service: RunningService, pictures: list[bytes], *, clients: int, seconds: float) -> Load:
    """Has the clients ask, and looks at the service's memory twice."""
    looks = Looks((min(FIRST_LOOK_SECONDS, seconds / 2), seconds), lambda: service.resident_bytes)
    return put_load(service.port, pictures, clients=clients, seconds=seconds, looks=looks)


def lines_of(what: str, load: Load, *, engine_rates: list[float], has_bars: bool) -> list[Comparison]:
    """Makes the lines of one network.

    Args:
        what: the network and the number of clients.
        load: what the clients met.
        engine_rates: of the engine alone, before and after.
        has_bars: whether the lines have bars, or are only told.
    """
    median = statistics.median(load.seconds) / MILLISECOND
    longest = float(np.percentile(load.seconds, 99)) / MILLISECOND
    first, last = (held / MEGABYTE for held in load.held_bytes)
    share = load.processor_seconds / (load.whole_seconds * len(os.sched_getaffinity(0)))
    bar, at_once, flat = (RATE_BAR, 1.0, round(1 / GROWTH, 3)) if has_bars else (None, None, None)
    asked = len(load.seconds) + load.errors.total()
    alone = "the bare engine, nothing decoded"
    return [
        none_of(f"{what}: requests without a verdict, of {asked:,}", load.errors.total(), is_barred=has_bars),
        compare(what, [load.rate], peer=(alone, engine_rates), at_least=bar, unit="images/s", better="higher"),
        compare(f"{what}: p50", [median], peer=("", None), at_least=None, unit="ms", better="lower"),
        compare(
            f"{what}: p99",
            [longest],
            peer=(f"{SPREAD} times the median", SPREAD * median),
            at_least=at_once,
            unit="ms",
            better="lower",
        ),
        compare(
            f"{what}: the service's memory at the end",
            [last],
            peer=("that after 10 s, or half of a trial", first),
            at_least=flat,
            unit="MB",
            better="lower",
        ),
        compare(
            f"{what}: what the clients took of the processor",
            [100 * share],
            peer=("", None),
            at_least=None,
            unit="%",
            better="lower",
        ),
    ]


if __name__ == "__main__":
    run_stage(main)
