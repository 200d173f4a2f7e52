"""Number formats of cells: which of them show dates."""

from __future__ import annotations

import re

#: The formats that every workbook has under these numbers, in some language, and that show dates or times.
_BUILT_IN_DATES = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
#: The built-in formats that have the same code in every language.
BUILT_IN = {"General": 0, "0": 1, "0.00": 2, "#,##0": 3, "#,##0.00": 4, "0%": 9, "0.00%": 10, "0.00E+00": 11, "@": 49}
#: The number of the first format that a workbook adds itself.
FIRST_OWN = 164
#: Text in quotes, characters that stand for themselves or for room, what is in brackets but hours, minutes, seconds.
_NO_CODE = re.compile(r'"[^"]*"?|[\\_*].|\[(?!(?:h+|m+|s+)\])[^\]]*\]', re.IGNORECASE | re.DOTALL)
_DATE_CODE = re.compile(r"[dmyhs]", re.IGNORECASE)


def shows_dates(number: int, code: str | None) -> bool:
    """Whether a format shows a number as a date or a time; `code` is null for a built-in one."""
    if code is None:
        return number in _BUILT_IN_DATES
    return _DATE_CODE.search(_NO_CODE.sub("", code)) is not None
