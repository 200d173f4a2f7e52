"""What becomes of values that a worksheet does not hold as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueRules:
    """Rules of a whole workbook.

    `exact`: a whole number or decimal of more than 15 significant digits becomes text with all of them; `number` lets
    the worksheet round it. `not_finite`: what is no finite number is refused, or leaves its cell empty. `far_dates`:
    dates that the workbook's date system does not count become ISO text, or are refused. `counts_from_1904` is that
    date system. Moments with a zone are written as UTC's wall time.
    """

    exact: Literal["text", "number"] = "text"
    not_finite: Literal["error", "empty"] = "error"
    far_dates: Literal["text", "error"] = "text"
    counts_from_1904: bool = False
