"""What sheets may be called."""

from __future__ import annotations

import re

from aetherflow.kernel.api import StepError

#: In units of UTF-16, as Excel counts them.
_LONGEST = 31
_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f\x7f\ufffe\uffff]|^'|'$")
#: Excel keeps it for itself.
_TAKEN = "history"


def check_sheet_name(name: str) -> None:
    """See that a sheet may be called so.

    Raises:
        StepError: it may not.
    """
    units = len(name.encode("utf-16-le", "surrogatepass")) // 2
    is_wrong = _FORBIDDEN.search(name) or not name.strip() or name.casefold() == _TAKEN
    if is_wrong or units > _LONGEST:
        raise StepError(
            f"no sheet may be called {name[:40]!r}",
            code="AF-EXCEL-SHEET-NAME",
            help="1 to 31 characters, none of [ ] : * ? / \\, no apostrophe at the ends, and not History",
        )
