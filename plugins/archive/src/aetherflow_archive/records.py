"""What an attempt was about to do: a later attempt of the same step clears up after it, and replaces what it placed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from aetherflow.kernel.api import StepContext

#: `placed`: files that may be in their place already. `staged`: folders that may have a staged one beside them.
Kind = Literal["placed", "staged"]


def remember(context: StepContext, kind: Kind, places: Iterable[Path]) -> None:
    """Write down what is done next, for as long as the run's workspace.

    A step that is cut off after that finds its own traces when it is run again: `overwrite: false` must not take
    its own files for somebody else's.
    """
    with context.publish(_record(context, kind)) as temporary:
        temporary.write_text(json.dumps(sorted(map(str, places))), encoding="utf-8")


def remembered(context: StepContext, kind: Kind) -> frozenset[Path]:
    """What earlier attempts of this step with these inputs wrote down."""
    try:
        places = json.loads(_record(context, kind).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return frozenset()
    return frozenset(map(Path, places))


def _record(context: StepContext, kind: Kind) -> Path:
    key = hashlib.sha256(context.idempotency_key.encode()).hexdigest()[:16]
    return context.manifests / f"{context.step_id}.{key}.{kind}.json"
