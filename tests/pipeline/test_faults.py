"""What the pipeline does when it is killed, when the disk is full, and when another runs beside it."""

import os
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from killing import Campaign, Target
from project import Project, make_project

FAULT_SEED = "FAULT_SEED"  # an environment variable: draws the moments of an earlier campaign again
NUM_KILLS = 20
RecordProperty = Callable[[str, object], None]
CNN, RESNET50 = "reports/evaluate/cnn", "reports/evaluate/resnet50"
SPLITS = ("data/shards/train", "data/shards/validation", "data/shards/test")
TARGETS = (
    Target("download", ("data/raw",), "download.sample.seed", (7, 8)),
    Target("index", ("data/index",), "download.sample.seed", (7, 8), upstream="download"),
    Target("split", ("data/split",), "split.seed", (7, 8)),
    Target("preprocess", SPLITS, "preprocess.shard_megabytes", (100.0, 0.02), kills_per_repro=2),
    Target("train@cnn", ("models/cnn",), "train.cnn.recipe.seed", (7, 8), kills_per_repro=2),
    Target("train@resnet50", ("models/resnet50",), "train.resnet50.recipe.seed", (7, 8), kills_per_repro=5),
    Target("evaluate@cnn", (CNN,), "evaluate.calibration_bins", (10, 5), kills_per_repro=2),
    Target("evaluate@resnet50", (RESNET50,), "evaluate.calibration_bins", (10, 5), kills_per_repro=2),
    Target("export@cnn", ("bundles/cnn",), "export.reference_images", (2000, 20), kills_per_repro=2),
    Target("compare", ("reports/compare",), "compare.champion_metric", ("roc_auc_score", "accuracy_score")),
)
CHEAP = TARGETS[1:3]
LAST_CHEAP = "split"


def names(targets: tuple[Target, ...]) -> list[str]:
    return [target.stage for target in targets]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The pipeline's first stages, which need no TensorFlow, reproduced."""
    yield from reproduced(tmp_path_factory, LAST_CHEAP)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The whole pipeline, reproduced."""
    yield from reproduced(tmp_path_factory)


def reproduced(factory: pytest.TempPathFactory, *stages: str) -> Iterator[Project]:
    """Gives a project that was run and committed, and leaves neither a process nor its runs' gigabytes behind."""
    project = make_project(factory.mktemp("faults") / "project", site_cache=factory.mktemp("site-cache"))
    project.repro(*stages)
    project.run("git", "add", ".")
    project.run("git", "commit", "-qm", "reproduced")
    yield project
    project.end_processes()
    shutil.rmtree(project.root)


def draw_seed() -> int:
    return int(os.environ.get(FAULT_SEED) or random.SystemRandom().randrange(10**6))


def run(campaign: Campaign, record_property: RecordProperty) -> None:
    """Runs a campaign; its table and its seed are shown at the end of the tests, also when it fails."""
    try:
        campaign.run()
    finally:
        campaign.project.end_processes()
        record_property("campaign", str(campaign))


@pytest.mark.parametrize("target", CHEAP, ids=names(CHEAP))
def test_a_stage_that_was_killed_is_made_whole_by_the_next_repro(
    begun: Project, target: Target, record_property: RecordProperty
) -> None:
    run(Campaign(begun, target, num_kills=1, seed=draw_seed(), last=(LAST_CHEAP,)), record_property)


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("target", TARGETS, ids=names(TARGETS))
def test_twenty_kills_at_any_moment_leave_whole_outputs_and_the_next_repro_makes_the_same_bytes(
    whole: Project, target: Target, record_property: RecordProperty
) -> None:
    run(Campaign(whole, target, num_kills=NUM_KILLS, seed=draw_seed()), record_property)
