"""The words for types of columns, as `aetherflow validate` knows them without importing us."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

_DIGITS = r"0*([1-9]|[12]\d|3[0-8])"
_DECIMAL = rf"decimal\(\s*{_DIGITS}\s*(,\s*0*([0-9]|[12]\d|3[0-8])\s*)?\)"
_READ = ("bool", "int", "float", "string", "date", "time", "datetime")
_WRITTEN = (*_READ, "datetime_tz")


def _words(words: tuple[str, ...]) -> dict[str, Any]:
    return {
        "pattern": rf"^({'|'.join(words)}|{_DECIMAL})$",
        "x-aetherflow": {"mend": f"there is: {', '.join(words)}, decimal(digits,places) with at most 38 digits"},
    }


#: What a column that is read from a workbook is to hold.
ReadTypeWord = Annotated[str, Field(json_schema_extra=_words(_READ))]
#: What a column that is written to a workbook holds.
WrittenTypeWord = Annotated[str, Field(json_schema_extra=_words(_WRITTEN))]
