import re
from dataclasses import fields
from pathlib import Path

import pytest

from unmask.errors import ConfigError
from unmask.serving.service.settings import Limits, limits_of

DOCUMENT = Path(__file__).parents[4] / "docs" / "serving.md"


def test_a_named_limit_replaces_its_default():
    assert limits_of(["queue=40", "pictures=3"]) == Limits(queue=40, pictures=3)
    assert limits_of([]) == Limits()


@pytest.mark.parametrize("text", ["queue", "queue=", "queue=0", "queue=-1", "queue=1.5", "queue=²", "queue=many"])
def test_a_limit_that_is_no_number_is_refused(text):
    with pytest.raises(ConfigError, match="whole number above 0"):
        limits_of([text])


def test_an_unknown_limit_is_refused_with_those_there_are():
    with pytest.raises(ConfigError, match=r"no limit 'size'.*picture_bytes"):
        limits_of(["size=1"])


@pytest.mark.parametrize("texts", [["queue=3", "pictures=4"], ["held_bytes=10"]])
def test_limits_that_contradict_each_other_are_refused(texts):
    with pytest.raises(ConfigError, match="would never be taken"):
        limits_of(texts)


def test_the_document_lists_every_limit_with_its_default():
    rows = dict(re.findall(r"^\| `(\w+)` \| ([\d,]+) \|", DOCUMENT.read_text(), flags=re.MULTILINE))
    assert {name: int(value.replace(",", "")) for name, value in rows.items()} == {
        field.name: field.default for field in fields(Limits)
    }
