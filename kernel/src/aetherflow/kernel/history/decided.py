"""What people decide of runs, noted with time and name."""

from __future__ import annotations

import getpass
import os
import time
from typing import TYPE_CHECKING

from ..contracts.records import ResolutionRecord

if TYPE_CHECKING:
    from ..contracts.records import StepKey, StepRecord


def this_person() -> str:
    """Who decides, as the system names them."""
    for ask in (os.getlogin, getpass.getuser):
        try:
            return ask()
        except (OSError, KeyError):
            continue
    return f"uid {os.getuid()}"


def decision(what: str, step: StepKey | None, reason: str, before: StepRecord | None = None) -> ResolutionRecord:
    """What this person decides now; `before` is how the step stands until then."""
    stood = {}
    if before is not None:
        stood = {"status": before.status.value, "attempt": before.attempt}
        stood |= {"error_code": before.error_code, "error": before.error} if before.error else {}
    return ResolutionRecord(at=time.time(), by=this_person(), what=what, step=step, reason=reason, before=stood)
