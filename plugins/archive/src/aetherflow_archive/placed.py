"""What an attempt was about to put in place: a later attempt of the same step may replace that, and nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from aetherflow.kernel.api import StepContext


def remember_placed(context: StepContext, places: Iterable[Path]) -> None:
    """Write down, for as long as the run's workspace, what is put in place next.

    A step that is cut off after that finds its own files there when it is run again: `overwrite: false` must not
    take them for somebody else's.
    """
    with context.publish(_record(context)) as temporary:
        temporary.write_text(json.dumps(sorted(map(str, places))), encoding="utf-8")


def placed_before(context: StepContext) -> frozenset[Path]:
    """What earlier attempts of this step with these inputs were about to put in place."""
    try:
        places = json.loads(_record(context).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return frozenset()
    return frozenset(map(Path, places))


def _record(context: StepContext) -> Path:
    key = hashlib.sha256(context.idempotency_key.encode()).hexdigest()[:16]
    return context.manifests / f"{context.step_id}.{key}.placed.json"
