"""Ours against a peer or a limit, measured in the same run; kept in benchmarks/results/NAME.json.

Machines are noisy, so a figure alone says little: what counts is the ratio to a peer that ran in turn with ours, over
several rounds, each by its median.
"""

import os
import platform
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table

from unmask import artifacts

# The widest counts: the same name of a processor may stand for several, twice as fast one as the other.
VECTORS = {"avx512_bf16": "AVX-512 and bfloat16", "avx512f": "AVX-512", "avx2": "AVX2"}
RESULTS = Path("benchmarks/results")
Better = Literal["higher", "lower"]


@dataclass(frozen=True)
class Comparison:
    """One line of a benchmark.

    Attributes:
        what: what was measured.
        ours: our median; None where it is unmeasured: the line names what this machine lacks.
        peer_name: what it is compared with: a peer, or a limit.
        peer: the peer's median or the limit; None where the peer is not installed.
        ratio: above 1 where ours is better, whether more or less of the unit is better; None without a peer.
        at_least: the bar that the ratio must reach; None where the line is only told.
        unit: of `ours` and `peer`: "images/s", "s", "MB".
        rounds: how often each was measured, in turn.
        machine: what it ran on.
    """

    what: str
    ours: float | None
    peer_name: str
    peer: float | None
    ratio: float | None
    at_least: float | None
    unit: str
    rounds: int
    machine: str

    @property
    def verdict(self) -> str:
        """Says whether the bar was reached."""
        if self.ours is None:
            return "unmeasured"
        if self.ratio is None:
            return "peer absent" if self.peer_name else ""
        if self.at_least is None:
            return ""
        return "met" if self.ratio >= self.at_least else "missed"


def in_turn(ways: Mapping[str, Callable[[], float]], *, rounds: int) -> dict[str, list[float]]:
    """Measures each way once a round, in turn, so that a slow moment of the machine meets all of them.

    Args:
        ways: name to a function that measures once and returns the figure.
        rounds: how often.

    Returns:
        Name to its figures, one a round.
    """
    figures: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, measure in ways.items():
            figures[name].append(measure())
    return figures


def compare(
    what: str,
    ours: Sequence[float],
    *,
    peer: tuple[str, Sequence[float] | float | None],
    at_least: float | None,
    unit: str,
    better: Better,
) -> Comparison:
    """Makes a line from figures.

    Args:
        what: what was measured.
        ours: our figures, one a round.
        peer: its name, and its figures, or the limit, or None where it is not installed.
        at_least: the bar for the ratio, or None.
        unit: of the figures.
        better: whether more or less of the unit is better.

    Returns:
        The line, by the medians.
    """
    peer_name, figures = peer
    our_median = statistics.median(ours)
    peer_median = statistics.median(figures) if isinstance(figures, Sequence) else figures
    ratio = None
    if peer_median is not None:
        ratio = our_median / peer_median if better == "higher" else peer_median / our_median
    return Comparison(
        what=what,
        ours=round_figure(our_median),
        peer_name=peer_name,
        peer=None if peer_median is None else round_figure(peer_median),
        ratio=None if ratio is None else round_figure(ratio),
        at_least=at_least,
        unit=unit,
        rounds=len(ours),
        machine=machine(),
    )


def none_of(what: str, count: int, *, is_barred: bool) -> Comparison:
    """Makes a line of what must not happen at all: the ratio is 1 where it did not, and 0 where it did.

    Args:
        what: is counted.
        count: how often it happened.
        is_barred: whether it must not, or is only told.
    """
    return Comparison(
        what=what,
        ours=float(count),
        peer_name="the limit",
        peer=0.0,
        ratio=float(count == 0),
        at_least=1.0 if is_barred else None,
        unit="",
        rounds=1,
        machine=machine(),
    )


def unmeasured(what: str, *, peer_name: str, at_least: float, unit: str) -> Comparison:
    """Makes a line that waits for another machine."""
    return Comparison(
        what=what,
        ours=None,
        peer_name=peer_name,
        peer=None,
        ratio=None,
        at_least=at_least,
        unit=unit,
        rounds=0,
        machine="",
    )


def round_figure(figure: float) -> float:
    """Keeps three digits, or all before the point."""
    return float(round(figure)) if abs(figure) >= 100 else float(f"{figure:.3g}")


def machine() -> str:
    """Names the processor, cores, memory and Python; never the host."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return f"{processor()}, {cores} cores, {gigabytes:.0f} GB, Python {platform.python_version()}"


def processor() -> str:
    """Names the processor, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    features = {word for line in lines if line.startswith("flags") for word in line.split()}
    vectors = [name for flag, name in VECTORS.items() if flag in features]
    return " with ".join([*(names[:1] or [platform.machine()]), *vectors[:1]])


def publish(name: str, lines: Sequence[Comparison]) -> None:
    """Shows a benchmark's lines and writes its file.

    Args:
        name: the benchmark: "data-stages".
        lines: what was measured.
    """
    show(name, lines)
    artifacts.write_json(RESULTS / f"{name}.json", [asdict(line) for line in lines])


def report(name: str, lines: Sequence[Comparison], *, trial: str) -> None:
    """Publishes a benchmark, or only shows a trial of it: a small run never replaces the figures of a whole one.

    Args:
        name: the benchmark.
        lines: what was measured.
        trial: how small the trial was; empty for the whole benchmark.
    """
    if trial:
        show(f"{name}, a trial: {trial}", lines)
    else:
        publish(name, lines)


def show(name: str, lines: Sequence[Comparison]) -> None:
    """Shows a benchmark's lines and leaves its file alone: for a trial that is smaller than the benchmark."""
    table = Table("what", "ours", "peer", "peer's", "unit", "ratio", "at least", "", title=name)
    for line in lines:
        table.add_row(*cells(line))
    Console().print(table)


def cells(line: Comparison) -> tuple[str, ...]:
    """Spells a line for a table: what, ours, peer, peer's, unit, ratio, at least, verdict."""
    figures = (spell(line.ours), line.peer_name, spell(line.peer), line.unit, spell(line.ratio), spell(line.at_least))
    return (line.what, *figures, line.verdict)


def spell(figure: float | None) -> str:
    """Spells a figure; nothing where there is none."""
    if figure is None:
        return ""
    return f"{figure:,.0f}" if abs(figure) >= 100 else f"{figure:g}"


def load(name: str) -> list[Comparison]:
    """Reads a benchmark's file."""
    return [Comparison(**line) for line in artifacts.read_json(RESULTS / f"{name}.json")]
