"""Writes docs/performance.md from benchmarks/results/*.json and the notes beside them.

    python -m benchmarks.performance_page

A benchmark NAME may have `benchmarks/results/NAME.md`: what was measured and how, and what limits a line whose bar was
missed. It is put above its table.
"""

from pathlib import Path

from benchmarks import comparison
from benchmarks.comparison import Comparison
from unmask import artifacts

PAGE = Path("docs/performance.md")
OPENING = """# Performance

Each line compares a part of the pipeline with a peer, or with a limit, in the same run: both take turns for several
rounds, and their medians are compared. A ratio above 1 is in our favour, whether more or less of the unit is better.
`make bench` measures everything, `make bench-NAME` one benchmark; `make bench-peers` first installs the peers that the
product does not need. This page is made from `benchmarks/results/` by `python -m benchmarks.performance_page`.
"""


def main() -> None:
    """Reads every benchmark's file, writes the page."""
    artifacts.write_text(PAGE, render(comparison.RESULTS))


def render(results: Path) -> str:
    """Writes the page.

    Args:
        results: the folder of the benchmarks' files and notes.

    Returns:
        Markdown.
    """
    names = sorted({file.stem for ending in ("json", "md") for file in results.glob(f"*.{ending}")})
    return "\n".join([OPENING, *(section(results, name) for name in names)]).rstrip() + "\n"


def section(results: Path, name: str) -> str:
    """Writes one benchmark's table, below its notes."""
    notes = results / f"{name}.md"
    parts = [f"## {name}", ""]
    if notes.exists():
        parts += [notes.read_text(encoding="utf-8").strip(), ""]
    if not (results / f"{name}.json").exists():
        return "\n".join([*parts, f"Not measured yet: `make bench-{name}`.", ""])
    lines = [Comparison(**line) for line in artifacts.read_json(results / f"{name}.json")]
    parts += [
        "| what | ours | compared with | its figure | unit | ratio | at least | |",
        "|---|--:|---|--:|---|--:|--:|---|",
    ]
    parts += [f"| {' | '.join(comparison.cells(line))} |" for line in lines]
    measured = [line for line in lines if line.ours is not None]
    machines = sorted({line.machine for line in measured})
    rounds = sorted({line.rounds for line in measured})
    parts += ["", f"`make bench-{name}`; {' or '.join(map(str, rounds))} rounds; {'; '.join(machines)}.", ""]
    return "\n".join(parts)


if __name__ == "__main__":
    main()
