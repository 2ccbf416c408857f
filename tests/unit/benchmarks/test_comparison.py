"""The lines of the benchmarks."""

import dataclasses
from pathlib import Path

import pytest
from benchmarks import comparison, performance_page

from unmask import artifacts


def line(ours, peer, **changes):
    options = {"at_least": 0.8, "unit": "images/s", "better": "higher"} | changes
    return comparison.compare("index", ours, peer=("the limit", peer), **options)


def test_the_ratio_is_that_of_the_medians():
    # Medians 90 and 100.
    made = line([10.0, 90.0, 95.0], [100.0, 300.0, 99.0])
    assert (made.ours, made.peer, made.ratio, made.rounds) == (90.0, 100.0, 0.9, 3)


def test_less_of_a_lower_is_better_unit_gives_a_ratio_above_one():
    assert line([2.0], 3.0, unit="s", better="lower").ratio == 1.5


@pytest.mark.parametrize(("peer", "verdict"), [([100.0], "met"), ([200.0], "missed"), (None, "peer absent")])
def test_a_line_says_whether_its_bar_was_reached(peer, verdict):
    assert line([80.0], peer).verdict == verdict


def test_ways_take_turns():
    order = []
    ways = {name: lambda name=name: order.append(name) or float(len(order)) for name in ("ours", "peer")}
    assert comparison.in_turn(ways, rounds=2) == {"ours": [1.0, 3.0], "peer": [2.0, 4.0]}


def test_the_machine_is_described_without_its_name():
    import platform

    assert "cores" in comparison.machine()
    assert platform.node() not in comparison.machine()


def test_the_page_shows_notes_above_the_table(tmp_path):
    artifacts.write_json(tmp_path / "speed.json", [dataclasses.asdict(line([80.0], [200.0]))])
    artifacts.write_text(tmp_path / "speed.md", "What limits it.\n")
    page = performance_page.render(tmp_path)
    assert "## speed\n\nWhat limits it.\n\n| what |" in page
    assert "| index | 80 | the limit | 200 | images/s | 0.4 | 0.8 | missed |" in page


def test_the_page_marks_a_line_that_waits_for_another_machine(tmp_path):
    waiting = comparison.unmeasured("on a GPU", peer_name="the peer", at_least=1.0, unit="images/s")
    lines = [dataclasses.asdict(made) for made in (line([80.0], [100.0]), waiting)]
    artifacts.write_json(tmp_path / "speed.json", lines)
    page = performance_page.render(tmp_path)
    assert "| on a GPU |  | the peer |  | images/s |  | 1 | unmeasured |" in page
    assert f"`make bench-speed`; 1 rounds; {comparison.machine()}." in page


def test_the_page_says_what_was_not_measured(tmp_path):
    artifacts.write_text(tmp_path / "speed.md", "How it is measured.\n")
    assert "How it is measured.\n\nNot measured yet: `make bench-speed`." in performance_page.render(tmp_path)


def test_the_committed_page_is_the_one_the_files_make():
    root = Path(__file__).parents[3]
    page = performance_page.render(root / "benchmarks" / "results")
    assert (root / "docs" / "performance.md").read_text(encoding="utf-8") == page


def test_a_trial_leaves_the_figures_of_the_whole_benchmark_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(comparison, "RESULTS", tmp_path)
    comparison.report("speed", [line([80.0], [200.0])], trial="10 images")
    assert not list(tmp_path.iterdir())
    comparison.report("speed", [line([80.0], [200.0])], trial="")
    assert comparison.load("speed")[0].ours == 80.0
