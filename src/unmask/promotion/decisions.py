"""The log of decisions, and who is champion by it.

The log is append-only and numbered by the store, so that everyone reads it in the same order. A decision names the
champion that it was made about: it counts only if that one was champion when its turn came. Of two promotions at once
the one with the lower number wins, without a lock that a dead process could leave behind.
"""

from collections.abc import Iterable
from dataclasses import dataclass

PROMOTED, REFUSED, ROLLED_BACK = "promoted", "refused", "rolled back"
NOBODY = ""


@dataclass(frozen=True)
class Decision:
    """One line of the log.

    Attributes:
        number: its place, from 1; 0 before the store has given it one.
        outcome: `PROMOTED`, `REFUSED` or `ROLLED_BACK`.
        before: the version that was champion when it was made; `NOBODY` for none.
        version: the version that it is about: the challenger, or the one that was returned to.
        model_sha256: of that version's model file.
        who: made it: a person, or a job of CI.
        when: in UTC, as "2026-01-31T12:00:00Z".
        why: in words.
        is_forced: whether it was promoted although a gate had failed.
        model: what that version's model is called in `params.yaml`; empty where nobody wrote it.
    """

    number: int
    outcome: str
    before: str
    version: str
    model_sha256: str
    who: str
    when: str
    why: str
    is_forced: bool
    model: str = ""


@dataclass(frozen=True)
class Standing:
    """What the log comes to.

    Attributes:
        champions: the versions that were promoted and not rolled back, the first to the present; the last is champion.
        late: the numbers of decisions that did not count, since another came before them.
        since: when the champion became it, in UTC; empty where there is none.
    """

    champions: tuple[str, ...]
    late: frozenset[int]
    since: str

    @property
    def champion(self) -> str:
        """The champion's version, or `NOBODY`."""
        return self.champions[-1] if self.champions else NOBODY

    @property
    def previous(self) -> str:
        """The version that a rollback returns to, or `NOBODY`."""
        return self.champions[-2] if len(self.champions) > 1 else NOBODY


def standing(decisions: Iterable[Decision]) -> Standing:
    """Goes through the log, in the order of its numbers."""
    champions: list[str] = []
    late = set()
    since = ""
    for decision in sorted(decisions, key=lambda one: one.number):
        if decision.outcome == REFUSED:
            continue
        current = champions[-1] if champions else NOBODY
        is_late = decision.before != current
        if decision.outcome == ROLLED_BACK:
            is_late = is_late or len(champions) < 2 or champions[-2] != decision.version
        if is_late:
            late.add(decision.number)
            continue
        since = decision.when
        if decision.outcome == PROMOTED:
            champions.append(decision.version)
        else:
            champions.pop()
    return Standing(tuple(champions), frozenset(late), since)
