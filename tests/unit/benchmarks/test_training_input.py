"""The lines that training input's benchmark makes of what it measured."""

from benchmarks import training_input
from benchmarks.training_input import DECODER, GENERATOR, LAYERS, OWN_DECODER, PLAIN, SEQUENTIAL, TORCH, VARIED

MEASURED = {VARIED: [1500.0], PLAIN: [3000.0], SEQUENTIAL: [3000.0], GENERATOR: [100.0], LAYERS: [300.0]}
PEERS = {OWN_DECODER: [3300.0], DECODER: [4000.0], TORCH["grid_sample"]: [900.0], TORCH["pillow"]: [1000.0]}


def test_lines_compare_with_the_faster_of_pytorchs_two_ways() -> None:
    rates = MEASURED | PEERS
    lines = {line.peer_name: line for line in training_input.lines_of(rates, rates) if line.unit == "images/s"}
    assert TORCH["grid_sample"] not in lines
    assert lines[TORCH["pillow"]].ratio == 1.5
    assert lines[GENERATOR].ratio == 15.0


def test_lines_say_which_peers_are_not_installed() -> None:
    rates = MEASURED | {OWN_DECODER: [3300.0]}
    absent = [line for line in training_input.lines_of(rates, rates) if line.unit == "images/s" and line.peer is None]
    assert [line.verdict for line in absent] == ["peer absent", "peer absent"]
    assert [line.at_least for line in absent] == [1.0, 0.9]
