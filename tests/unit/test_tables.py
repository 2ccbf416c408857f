import pytest

from unmask.errors import ConfigError
from unmask.tables import choose


def test_gives_the_named_entry():
    assert choose({"a": 1, "b": 2}, "b", kind="model") == 2


def test_an_unknown_name_is_answered_with_what_there_is():
    with pytest.raises(ConfigError, match="unknown loss 'c'; there are: a, b") as caught:
        choose({"b": 2, "a": 1}, "c", kind="loss")
    assert caught.value.__cause__ is None
