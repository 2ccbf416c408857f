"""What single values may be: the types that the sections are made of."""

import re
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field

STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

Share = Annotated[float, Field(gt=0, lt=1)]
Probability = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
CountOrNone = Annotated[int, Field(ge=0)]
Pixels = Annotated[int, Field(ge=16, le=4096)]


def spelled(pattern: str, *, expected: str) -> AfterValidator:
    """Makes the check of a text's form.

    Args:
        pattern: a regular expression that the whole text must match.
        expected: what that means, in words, for the error.

    Returns:
        What stands in `Annotated[str, ...]`.
    """

    def check(text: str) -> str:
        if re.fullmatch(pattern, text) is None:
            raise ValueError(f"got {text!r}; expected {expected}")
        return text

    return AfterValidator(check)
