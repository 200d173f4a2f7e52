"""The words for types of columns, as `aetherflow validate` knows them without importing us."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field

_DIGITS = r"0*([1-9]|[12]\d|3[0-8])"
_DECIMAL = rf"decimal\(\s*{_DIGITS}\s*(,\s*0*([0-9]|[12]\d|3[0-8])\s*)?\)"
_READ = ("bool", "int", "float", "string", "date", "time", "datetime")
_WRITTEN = (*_READ, "datetime_tz")


def _pattern(words: tuple[str, ...]) -> str:
    return rf"^({'|'.join(words)}|{_DECIMAL})$"


def _mend(words: tuple[str, ...]) -> str:
    return f"there is: {', '.join(words)}, decimal(digits,places) with at most 38 digits"


def _schema(words: tuple[str, ...]) -> dict[str, Any]:
    return {"pattern": _pattern(words), "x-aetherflow": {"mend": _mend(words)}}


def _known_type(word: str) -> str:
    """Refuse words that are no type: those of templates are known at the run only."""
    digits, _, places = word.partition("(")[2].rstrip(")").partition(",")
    if re.fullmatch(_pattern(_READ), word) is None or int(places or 0) > int(digits or 0):
        raise ValueError(_mend(_READ))
    return word


#: What a column that is read from a workbook is to hold.
ReadTypeWord = Annotated[str, Field(json_schema_extra=_schema(_READ)), AfterValidator(_known_type)]
#: What a column that is written to a workbook holds.
WrittenTypeWord = Annotated[str, Field(json_schema_extra=_schema(_WRITTEN))]
