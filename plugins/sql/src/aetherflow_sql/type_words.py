"""The words for types of columns, as they stand in flows."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

_TEMPORAL = ("date", "time", "datetime", "datetime_tz")
_WORDS = ("bool", "int", "float", "string", "bytes", *_TEMPORAL)
#: As many digits as a decimal may have: 1 to 38.
_DIGITS = r"0*([1-9]|[12]\d|3[0-8])"
_DECIMAL = rf"decimal\(\s*{_DIGITS}\s*(,\s*0*([0-9]|[12]\d|3[0-8])\s*)?\)"

#: Whether a decimal has more places than digits, only the run tells.
TypeWord = Annotated[
    str,
    Field(
        json_schema_extra={
            "pattern": rf"^({'|'.join(_WORDS)}|{_DECIMAL})$",
            "x-aetherflow": {"mend": f"there is: {', '.join(_WORDS)}, decimal(digits,places) with at most 38 digits"},
        }
    ),
]
TemporalWord = Annotated[
    str,
    Field(
        json_schema_extra={
            "pattern": rf"^({'|'.join(_TEMPORAL)})$",
            "x-aetherflow": {"mend": f"only dates and times have a format: {', '.join(_TEMPORAL)}"},
        }
    ),
]
