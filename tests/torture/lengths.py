"""How long a harness runs: short among the tests, in full in `nox -s torture`."""

from __future__ import annotations

import os

#: 1.0 is the full length; the tests run with what is left of it here.
SCALE = float(os.environ.get("AETHERFLOW_TORTURE", "0.03"))
SEED = int(os.environ.get("AETHERFLOW_SEED", "20260131"))


def scaled(full: int, *, least: int = 1) -> int:
    """So many of what the full length has `full` of."""
    return max(least, round(full * SCALE))
