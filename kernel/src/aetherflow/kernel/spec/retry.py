"""A step's `retry`: how often it is tried, and after which errors."""

from __future__ import annotations

import re

from ..errors import YamlPath
from .fields import Field, Fields, Reading
from .misfits import Misfit, shown
from .models import Retry
from .shapes import list_of, number, seconds, text, whole_number

MOST_ATTEMPTS = 1000
#: What a pattern is made of that can match a code: its characters, and the wildcards of file names.
CODE_PATTERN = r"(?:A|[*?\[])[A-Z0-9*?\[\]!-]*"


def _code_pattern(reading: Reading, value: object, path: YamlPath) -> str:
    found = text(reading, value, path)
    if not re.fullmatch(CODE_PATTERN, found):
        mend = "codes look like AF-CONNECTOR-OPEN, and * stands for any part of one: AF-CONNECTOR*"
        raise Misfit("AF-WRONG-VALUE", f"{shown(found)} matches no code of an error", mend)
    return found


def _code_patterns(reading: Reading, value: object, path: YamlPath) -> tuple[str, ...]:
    found: tuple[str, ...] = list_of(_code_pattern)(reading, value, path)
    if value == []:
        raise Misfit("AF-WRONG-VALUE", "an empty list names no error", "leave the key out to try again after any error")
    return found


RETRY_KEYS = Fields(
    "`retry`",
    {
        "max_attempts": Field(whole_number(1, MOST_ATTEMPTS), is_required=True),
        "backoff_seconds": Field(seconds),
        "backoff_multiplier": Field(number(1)),
        "max_backoff_seconds": Field(seconds),
        "jitter": Field(number(0, 1)),
        "on_errors": Field(_code_patterns),
    },
)


def retry(reading: Reading, value: object, path: YamlPath) -> Retry:
    """What is said of a step's attempts."""
    found = Retry(**RETRY_KEYS(reading, value, path), path=path)
    if found.max_backoff_seconds is not None and found.max_backoff_seconds < found.backoff_seconds:
        message = "`max_backoff_seconds` is below `backoff_seconds`, the first wait"
        mend = f"write {found.backoff_seconds} or more"
        reading.report("AF-WRONG-VALUE", message, mend, (*path, "max_backoff_seconds"))
    return found
