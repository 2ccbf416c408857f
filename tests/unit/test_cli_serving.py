"""What `unmask serve` refuses before it starts."""

import pytest

from unmask.cli.serving import serve
from unmask.errors import ConfigError, EvaluationError


def test_a_key_that_can_be_guessed_is_refused_and_not_shown(monkeypatch):
    monkeypatch.setenv("UNMASK_API_KEYS", "a-long-enough-key-1,guess")
    with pytest.raises(ConfigError, match=r"UNMASK_API_KEYS is shorter than 16") as refused:
        serve()
    assert "guess" not in str(refused.value)


def test_fewer_workers_than_none_are_refused():
    with pytest.raises(ConfigError, match="--workers -1"):
        serve(workers=-1)


def test_an_unknown_limit_is_refused():
    with pytest.raises(ConfigError, match="no limit 'size'"):
        serve(limit=["size=1"])


def test_a_model_that_is_not_there_is_named(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EvaluationError, match="no model 'resnet50'"):
        serve(model="resnet50")
