"""Mutated archives and pictures end in records, rejects or a clear error: in nothing else, whatever was done to them.

A short campaign, the same on every run, belongs to `make test`; a long one, with new mutations each time, to
`make test-all`. A failure prints what was done to which base: `MutatedPicture(base=..., changes=...)`, which `judge` of
a test takes again.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

sys.path.insert(0, str(Path(__file__).parent))

import bases
import mutations
from arena import Arena
from forged_zip import write_zip

SHORT, LONG = 120, 1300  # of archives, and as many of pictures


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """Gives a place to read archives in."""
    members, options = bases.layouts()["stored"]
    arena = Arena(tmp_path_factory.mktemp("arena"), honest=write_zip(members, **options))
    yield arena
    arena.close()


def campaign(strategy: Any, arena: Arena, *, examples: int, is_new: bool) -> None:
    """Judges so many different mutations; twice as many are drawn, for some come to nothing, or to the same."""

    @settings(
        max_examples=2 * examples,
        derandomize=not is_new,
        database=None,
        deadline=None,  # the arena watches the time
        print_blob=True,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def run(mutant: Any) -> None:
        content = mutant.archive()
        if content not in arena.seen and arena.outcomes.total() < examples:
            arena.judge(content)

    arena.begin(unchanged=[write_zip(members, **options) for members, options in bases.layouts().values()])
    run()
    print(arena.summary())  # noqa: T201 (what a campaign came to, shown by pytest -rP)
    assert arena.outcomes.total() == examples
    assert arena.errors() == ""


KINDS = {"archives": mutations.mutated_archives(), "pictures": mutations.mutated_pictures()}


@pytest.mark.parametrize("kind", KINDS)
def test_mutations_end_in_records_rejects_or_a_clear_error(arena, kind):
    campaign(KINDS[kind], arena, examples=SHORT, is_new=False)
    # Were all refused alike, nothing behind the first check would have been tried.
    assert arena.outcomes["records and rejects"] >= SHORT // 10
    assert arena.outcomes["records"] >= SHORT // 20


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", KINDS)
def test_many_new_mutations_end_in_records_rejects_or_a_clear_error(arena, kind):
    campaign(KINDS[kind], arena, examples=LONG, is_new=True)


@pytest.mark.parametrize("base", bases.layouts())
def test_every_base_archive_is_read_whole(arena, base):
    members, options = bases.layouts()[base]
    verdict = arena.judge(write_zip(members, **options))
    assert len(verdict["records"]) == 5
    assert verdict["rejects"] == []


@pytest.mark.parametrize("base", bases.pictures())
def test_every_base_picture_is_read(arena, base):
    verdict = arena.judge(mutations.MutatedPicture(base, ()).archive())
    is_animated = "animated" in base
    assert ["set/real/mutated.jpg", "animated: 2 frames"] in verdict["rejects"] or not is_animated
    assert ("set/real/mutated.jpg" in verdict["records"]) is not is_animated
