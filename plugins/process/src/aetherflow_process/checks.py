"""Whether what an attempt should have made is there."""

from __future__ import annotations

import glob
import os
from dataclasses import dataclass
from pathlib import Path

from aetherflow.kernel.api import StepContext

from .inputs import Success


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """The file checks of one attempt.

    Paths are those that hold once the result is in place; where the result still stands in a folder
    of its own (`staged`), what lies below `final` is looked for there.
    """

    success: Success
    context: StepContext
    staged: Path | None = None
    final: Path | None = None

    def problem(self) -> str | None:
        """What is wrong first; null where everything is as it must be."""
        marker = [] if self.success.marker_file is None else [self.success.marker_file]
        for name in [*_as_list(self.success.require_files), *marker]:
            if not self._exists(name):
                return f"the required file {name} is missing"
        for pattern in _as_list(self.success.require_glob):
            if not self._matches(pattern):
                return f"nothing matches the required pattern {pattern}"
        for name in _as_list(self.success.forbid_files):
            if self._exists(name):
                return f"the forbidden file {name} exists"
        return None

    def _exists(self, name: str) -> bool:
        folder, below = self._place(name)
        return self.context.paths.readable(str(folder / below)).exists()

    def _matches(self, pattern: str) -> bool:
        folder, below = self._place(pattern)
        # Unlike Path.glob, it leaves hidden files out, as a shell does.
        found = glob.glob(str(below), root_dir=folder, recursive=True)  # noqa: PTH207
        # A match may only be looked at where the step may read.
        return any(self.context.paths.readable(str(folder / match)).exists() for match in found)

    def _place(self, name: str) -> tuple[Path, Path]:
        """The folder to start from, and the rest of the name, which may be a pattern."""
        place = Path(os.path.normpath(self.context.artifacts / name))
        if self.staged is not None and self.final is not None and place.is_relative_to(self.final):
            return self.staged, place.relative_to(self.final)
        if place.is_relative_to(self.context.artifacts):
            return self.context.artifacts, place.relative_to(self.context.artifacts)
        return Path("/"), place.relative_to("/")


def _as_list(names: str | list[str]) -> list[str]:
    return [names] if isinstance(names, str) else names
