"""Makes a challenger champion, or refuses; returns to the champion before; lists what was decided."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path

from unmask.config import Config
from unmask.environment import Environment
from unmask.errors import EvaluationError, PromotionError
from unmask.evaluation.paired import Difference
from unmask.promotion import challenger as challengers
from unmask.promotion import gates, opponent
from unmask.promotion.challenger import Challenger
from unmask.promotion.decisions import NOBODY, PROMOTED, REFUSED, ROLLED_BACK, Decision, Standing, standing
from unmask.promotion.gates import Gate
from unmask.tracking.contents import read_model
from unmask.tracking.registry import CHALLENGER, CHAMPION, NAME_TAG, Registry
from unmask.tracking.runs import MODEL_TAG, Runs
from unmask.tracking.session import ask
from unmask.tracking.writing import find_or_rebuild, write_model

TRUE, FALSE = "true", "false"


@dataclass(frozen=True)
class Examination:
    """A challenger, registered and measured.

    Attributes:
        name: what its model is called in `params.yaml`.
        version: its version in the registry.
        model_sha256: of its model file.
        champion: the version that was champion meanwhile; `NOBODY` for none.
        run_id: of its run.
        experiment_id: of MLflow's experiment, which holds the run.
        differences: metric to how much better it is than the champion, on the same images; empty without one.
        gates: each gate, measured; none where it is champion itself.
    """

    name: str
    version: str
    model_sha256: str
    champion: str
    run_id: str
    experiment_id: str
    differences: Mapping[str, Difference]
    gates: Sequence[Gate]

    @property
    def is_champion(self) -> bool:
        """Whether it is champion already."""
        return self.version == self.champion

    @property
    def failed(self) -> list[str]:
        """Names the gates that it does not pass."""
        return [gate.name for gate in self.gates if not gate.is_passed]


def examine(challenger: Challenger, *, parameters: Config, environment: Environment) -> Examination:
    """Registers a challenger, and measures its gates; the champion stays.

    Args:
        challenger: what the pipeline made of it.
        parameters: name the gates' limits.
        environment: where the store is.

    Raises:
        EvaluationError: a file of the challenger's evaluation is missing or damaged.
        TrackingError: the store cannot be used.
    """
    with damage_told():
        evidence = challengers.measure(challenger)
        model_sha256 = str(evidence.report["model_sha256"])
    with tempfile.TemporaryDirectory() as temporary:
        copies = Path(temporary)

        def enter(runs: Runs) -> Examination:
            registry = Registry(runs)
            run_id = run_of(runs, challenger, parameters, environment)
            version = registry.register(model_sha256, run_id=run_id)
            registry.point(CHALLENGER, version)
            champion = follow(registry).champion  # an earlier decision may have died before its alias
            if champion not in (NOBODY, version) and registry.has(champion):
                opponent.fetch(registry, champion, challenger=challenger.report_folder, folder=copies)
            return Examination(challenger.name, version, model_sha256, champion, run_id, runs.experiment_id, {}, ())

        found = ask(enter, environment=environment)
        if found.is_champion:
            return found
        if found.champion != NOBODY and not any(copies.iterdir()):
            evidence = replace(evidence, lost_champion=found.champion)
        elif found.champion != NOBODY:
            with damage_told():
                champion = opponent.read_answers(copies, challenger=challenger.report_folder, data=challenger.data)
                differences = opponent.compare_with(challenger.report_folder, champion)
            evidence = replace(evidence, differences=differences)
    with damage_told():
        measured = gates.measure(evidence, parameters.promote)
    return replace(found, differences=evidence.differences, gates=measured)


@contextmanager
def damage_told() -> Iterator[None]:
    """Says of what a damaged file leads to that a file is damaged.

    Raises:
        EvaluationError: a value is missing or of another kind.
    """
    try:
        yield
    except (KeyError, TypeError, ValueError) as error:
        raise EvaluationError(
            f"an evaluation, an audit or a table that promote reads is damaged ({error!r}): run `dvc repro`"
        ) from error


def is_settled(model_sha256: str, *, is_deciding: bool, environment: Environment) -> bool:
    """Whether nothing is left to do about a model file.

    Args:
        model_sha256: of the model file.
        is_deciding: whether a decision is wanted, of which one that came too late is none; else only the champion is
            settled.
        environment: where the store is.

    Raises:
        TrackingError: the store cannot be used.
    """

    def look(runs: Runs) -> bool:
        registry = Registry(runs)
        decisions = read_log(registry)
        now = standing(decisions)
        counted = [one for one in decisions if one.model_sha256 == model_sha256 and one.number not in now.late]
        return any(is_deciding or one.version == now.champion for one in counted)

    return ask(look, environment=environment)


def promote(examined: Examination, *, environment: Environment, why: str = "", is_forced: bool = False) -> Decision:
    """Makes an examined challenger champion where it passes every gate, and refuses it where not; the log has both.

    Args:
        examined: not the champion itself.
        environment: where the store is, and who acts.
        why: in words.
        is_forced: promotes also where a gate fails.

    Raises:
        PromotionError: another promotion came first.
        TrackingError: the store cannot be used.
    """
    decision = Decision(
        number=0,
        outcome=REFUSED if examined.failed and not is_forced else PROMOTED,
        before=examined.champion,
        version=examined.version,
        model_sha256=examined.model_sha256,
        who=environment.person,
        when=clock(),
        why=why,
        is_forced=is_forced and bool(examined.failed),
        model=examined.name,
    )
    return decide(decision, text=gates.markdown(examined.gates), environment=environment)


def run_of(runs: Runs, challenger: Challenger, parameters: Config, environment: Environment) -> str:
    """Finds the run of a challenger, written from the files where the store has none, with its evaluation."""
    model = read_model(challenger.name, challenger.model_folder)
    write_model(
        runs,
        model=model,
        report_folder=challenger.report_folder,
        section=parameters.evaluate,
        environment=environment,
    )
    return find_or_rebuild(runs, model=model, environment=environment)[0]


def rollback(*, environment: Environment, why: str = "") -> Decision:
    """Makes the champion before the present one champion again.

    Raises:
        PromotionError: there is none, or another decision came first.
        TrackingError: the store cannot be used.
    """

    def look(runs: Runs) -> tuple[Standing, Mapping[str, str]]:
        registry = Registry(runs)
        now = standing(read_log(registry))
        return now, registry.version(now.previous).tags if now.previous != NOBODY else {}

    nothing: tuple[Standing, Mapping[str, str]] = (standing([]), {})
    now, tags = ask(look, environment=environment, where_none=nothing)
    if now.previous == NOBODY:
        raise PromotionError("there is no champion to return to: unmask promotions lists what was decided")
    decision = Decision(
        number=0,
        outcome=ROLLED_BACK,
        before=now.champion,
        version=now.previous,
        model_sha256=tags.get(MODEL_TAG, ""),
        who=environment.person,
        when=clock(),
        why=why,
        is_forced=False,
        model=tags.get(NAME_TAG, ""),
    )
    return decide(decision, text=why, environment=environment)


def decide(decision: Decision, *, text: str, environment: Environment) -> Decision:
    """Writes a decision into the log, and lets the champion's alias follow it.

    Returns:
        The decision with its number.

    Raises:
        PromotionError: another decision came first, so that this one does not count.
        TrackingError: the store cannot be used.
    """

    def write(runs: Runs) -> tuple[int, Standing]:
        registry = Registry(runs)
        number = registry.append(as_tags(decision), about=decision.version, text=text)
        return number, follow(registry)

    number, now = ask(write, environment=environment)
    if number in now.late:
        raise PromotionError(
            f"another decision came first: version {now.champion or 'none'} is champion now, not {decision.before}. "
            "Nothing has changed; run it again to be measured against that one"
        )
    return replace(decision, number=number)


def follow(registry: Registry) -> Standing:
    """Points the champion's alias at what the log says; again where it went on meanwhile: the last writer is right."""
    while True:
        now = standing(read_log(registry))
        if now.champion in (NOBODY, registry.pointed(CHAMPION)) or not registry.has(now.champion):
            return now
        registry.crown(now.champion, since=now.since)


def log(environment: Environment) -> tuple[Sequence[Decision], Standing]:
    """Reads every decision, the first first, and what they come to.

    Raises:
        TrackingError: the store cannot be used.
    """
    nothing: list[Decision] = []
    decisions = ask(lambda runs: read_log(Registry(runs)), environment=environment, where_none=nothing)
    return decisions, standing(decisions)


def read_log(registry: Registry) -> list[Decision]:
    """Reads the log's lines as decisions."""
    names = [field.name for field in fields(Decision) if field.name not in ("number", "is_forced")]
    return [
        Decision(number=number, is_forced=line.get("is_forced") == TRUE, **{name: line.get(name, "") for name in names})
        for number, line in registry.lines()
    ]


def as_tags(decision: Decision) -> dict[str, str]:
    """Spells a decision for the log; the log's own number is left out."""
    content = {name: value for name, value in asdict(decision).items() if name != "number" and value != ""}
    return {**content, "is_forced": TRUE if decision.is_forced else FALSE}


def clock() -> str:
    """Tells the time, in UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
