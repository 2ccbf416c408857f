"""Whether a processor has bfloat16 of its own."""

import logging
from pathlib import Path

import pytest

from unmask.training import processor

PLAIN = "processor\t: 0\nflags\t\t: fpu sse2 avx2 fma\n"
SOME = "processor\t: 0\nflags\t\t: fpu sse2 avx2 fma avx512_bf16\n"
ARM = "processor\t: 0\nFeatures\t: fp asimd bf16 i8mm\n"


@pytest.mark.parametrize(("text", "expected"), [(PLAIN, True), (SOME, False), (ARM, False), ("nothing known\n", False)])
def test_processor_is_known_by_its_features(tmp_path: Path, text: str, expected: bool) -> None:
    (tmp_path / "cpuinfo").write_text(text)
    assert processor.emulates_bfloat16(tmp_path / "cpuinfo") is expected


def test_nothing_is_said_where_the_system_tells_nothing(tmp_path: Path) -> None:
    assert not processor.emulates_bfloat16(tmp_path / "absent")


@pytest.mark.parametrize(("precision", "emulates", "warnings"), [("mixed_bfloat16", True, 1), ("float32", True, 0)])
def test_only_a_recipe_in_bfloat16_is_warned_of(
    precision: str, emulates: bool, warnings: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(processor, "emulates_bfloat16", lambda: emulates)
    monkeypatch.setattr(logging.getLogger("unmask"), "propagate", True)
    processor.warn_of_emulation(precision)
    assert len({record.getMessage() for record in caplog.records}) == warnings  # each may be caught twice
