"""What a plugin that observes runs is given beside the events."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..quick_dataclasses import dataclass, field
from .records import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class ObserverContext:
    """One run, or one scheduler, as one observer sees it: what it goes by, and room for what it has to remember."""

    #: The flow's project; relative paths start there.
    project: Path
    #: The run's environment, with what environment files add. Holds secrets; use it instead of `os.environ`.
    environment: Mapping[str, str] = field(repr=False)
    #: AetherFlow's own settings in force, by name, paths as texts.
    settings: Mapping[str, Json]
    #: The observer's own, for as long as the run or the scheduler lasts; no other observer and no other run sees it.
    memory: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
