"""A file that says that the work was done, and by whom."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from aetherflow.kernel.api import StepContext, StepError

from .inputs import Idempotency


@dataclass(frozen=True, slots=True)
class Marker:
    """The marker of a step whose strategy is `marker`."""

    path: Path

    @classmethod
    def of(cls, idempotency: Idempotency, context: StepContext) -> Marker | None:
        """The step's marker; null where it uses none.

        Raises:
            PathRefused: the step may not write there.
        """
        if idempotency.strategy != "marker" or idempotency.marker_path is None:
            return None
        # Not the job's artifacts: every run has its own, and the marker would never be found again.
        return cls(context.paths.writable(str(context.project / idempotency.marker_path)))

    def is_set(self) -> bool:
        """Whether the work was done: the file is there, whoever made it and whatever it holds."""
        return self.path.exists()

    def set(self, context: StepContext) -> None:
        """Say that the work is done, in one move; a file that is there already says it, and is not ours to replace."""
        if self.is_set():
            return
        told = {
            "flow": context.flow_id,
            "run": context.run_id,
            "job": context.job_id,
            "step": context.step_id,
            "attempt": context.attempt,
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        try:
            with context.publish(self.path) as temporary:
                temporary.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise StepError(
                f"the program is done, and its marker {self.path.name} can't be written: {error.strerror or error}",
                code="AF-PROCESS-MARKER",
                help="make room or rights there; a run that goes on runs the program again",
            ) from error
