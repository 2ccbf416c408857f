"""Schedules against rates worked by hand."""

import keras
import numpy as np
import pytest

from unmask.config import OptimizerConfig
from unmask.training import optimizers


def config(**changes: object) -> OptimizerConfig:
    values = {
        "name": "adam",
        "learning_rate": 0.1,
        "weight_decay": 0.0,
        "clip_norm": 0.0,
        "schedule": "cosine",
        "warmup_share": 0.2,
        "backbone_rate": 1.0,
        "ema_momentum": 0.0,
    }
    return OptimizerConfig(**{**values, **changes})


def test_warm_up_rises_and_cosine_falls_to_zero() -> None:
    schedule = optimizers.schedule(config(), total_steps=100)
    # 20 steps up, then half a cosine over 80: its middle, at step 60, is half the rate.
    rates = [float(schedule(step)) for step in (0, 10, 20, 60, 100)]
    assert rates == pytest.approx([0.0, 0.05, 0.1, 0.05, 0.0], abs=1e-6)


def test_without_warm_up_cosine_begins_at_the_full_rate() -> None:
    schedule = optimizers.schedule(config(warmup_share=0.0), total_steps=100)
    assert [float(schedule(step)) for step in (0, 50, 100)] == pytest.approx([0.1, 0.05, 0.0], abs=1e-6)


@pytest.mark.parametrize("name", sorted(optimizers.OPTIMIZERS))
def test_zero_switches_decay_and_clipping_off(name: str) -> None:
    optimizer = optimizers.build(config(name=name, schedule="constant"), total_steps=10)
    assert not optimizer.weight_decay
    assert not optimizer.global_clipnorm
    assert float(optimizer.learning_rate) == pytest.approx(0.1)


@pytest.mark.parametrize("name", sorted(optimizers.OPTIMIZERS))
def test_a_backbone_takes_steps_of_its_share(name: str) -> None:
    head, body = (keras.Variable(np.zeros(3, "float32")) for _ in range(2))
    section = config(name=name, schedule="constant", backbone_rate=0.25)
    optimizer = optimizers.build(section, total_steps=10, backbone=[body])
    optimizer.apply([np.ones(3, "float32"), np.ones(3, "float32")], [head, body])
    assert np.abs(np.asarray(head)).min() > 0
    np.testing.assert_allclose(np.asarray(body), 0.25 * np.asarray(head), rtol=1e-5)


@pytest.mark.parametrize("name", sorted(optimizers.OPTIMIZERS))
def test_a_backbone_decays_by_its_share(name: str) -> None:
    # Without a gradient one step leaves 1 - 0.1 * 0.5 of the head, 1 - 0.1 * 0.5 * 0.25 of the body.
    head, body = (keras.Variable(np.ones(3, "float32")) for _ in range(2))
    section = config(name=name, schedule="constant", backbone_rate=0.25, weight_decay=0.5)
    optimizer = optimizers.build(section, total_steps=10, backbone=[body])
    optimizer.apply([np.zeros(3, "float32"), np.zeros(3, "float32")], [head, body])
    np.testing.assert_allclose(np.asarray(head), 0.95, rtol=1e-6)
    np.testing.assert_allclose(np.asarray(body), 0.9875, rtol=1e-6)


def test_a_moving_average_is_kept_where_asked() -> None:
    assert not optimizers.build(config(), total_steps=10).use_ema
    assert optimizers.build(config(ema_momentum=0.9), total_steps=10).ema_momentum == 0.9


@pytest.mark.parametrize(("name", "kind"), [("adam", keras.optimizers.Adam), ("adamw", keras.optimizers.AdamW)])
def test_fused_steps_are_keras_own_to_rounding(name: str, kind: type[keras.Optimizer]) -> None:
    section = config(name=name, schedule="cosine", weight_decay=0.01, clip_norm=1.0, ema_momentum=0.9)
    values = {"weight_decay": 0.01, "global_clipnorm": 1.0, "use_ema": True, "ema_momentum": 0.9}
    generator = np.random.default_rng(0)
    start = generator.normal(size=(4, 3)).astype(np.float32)
    ours, theirs = keras.Variable(start), keras.Variable(start)
    fused = optimizers.build(section, total_steps=20)
    composed = kind(learning_rate=optimizers.schedule(section, total_steps=20), **values)
    for _ in range(20):
        gradient = generator.normal(size=(4, 3)).astype(np.float32)
        fused.apply([gradient], [ours])
        composed.apply([gradient], [theirs])
    # 1 - 0.999 is 5e-5 off in float32, in which the operation takes it.
    np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), rtol=1e-4, atol=1e-5)
    for state, other in zip(fused.variables, composed.variables, strict=True):
        np.testing.assert_allclose(np.asarray(state), np.asarray(other), rtol=1e-4, atol=1e-5, err_msg=other.path)


def test_adam_takes_its_step_as_one_operation(monkeypatch: pytest.MonkeyPatch) -> None:
    def composed(*_: object) -> None:
        raise AssertionError("Keras composed the step")

    monkeypatch.setattr(keras.optimizers.Adam, "update_step", composed)
    weight = keras.Variable(np.zeros(3, "float32"))
    optimizers.build(config(schedule="constant"), total_steps=10).apply([np.ones(3, "float32")], [weight])
    np.testing.assert_allclose(np.asarray(weight), -0.1, rtol=1e-5)  # the first step is the rate, by the formula
