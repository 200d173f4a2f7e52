from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from aetherflow.kernel.api import (
    Command,
    OnLine,
    PathRefused,
    ProcessResult,
    Skip,
    publish,
    publish_folder,
    staged_folder,
    supervise,
)
from aetherflow_process.external_process import ExternalProcess, ExternalProcessInputs


@dataclass
class RecordedLog:
    entries: list[tuple[str, str, dict[str, object]]] = field(default_factory=list)

    def debug(self, message: str, **fields: object) -> None:
        self.entries.append(("debug", message, fields))

    def info(self, message: str, **fields: object) -> None:
        self.entries.append(("info", message, fields))

    def warning(self, message: str, **fields: object) -> None:
        self.entries.append(("warning", message, fields))

    def error(self, message: str, **fields: object) -> None:
        self.entries.append(("error", message, fields))

    def messages(self, event: str) -> list[str]:
        return [message for _, message, fields in self.entries if fields.get("event") == event]


@dataclass
class Folders:
    """Below these two a step may read and write."""

    artifacts: Path
    project: Path

    def readable(self, path: str) -> Path:
        inside = self.artifacts / path
        return self._checked(inside if os.path.lexists(inside) else self.project / path)

    def writable(self, path: str) -> Path:
        return self._checked(self.artifacts / path)

    def _checked(self, path: Path) -> Path:
        resolved = path.resolve()
        if not any(resolved.is_relative_to(root) for root in (self.artifacts, self.project)):
            message = "outside"
            raise PathRefused(message)
        return resolved


@dataclass
class RecordingContext:
    """A step's context with real folders and real processes, which remembers what was logged."""

    artifacts: Path
    project: Path
    flow_id: str = "flow"
    run_id: str = "run"
    job_id: str = "job"
    step_id: str = "step"
    attempt: int = 1
    idempotency_key: str = "key-of-the-step"
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": os.environ["PATH"]})
    log: RecordedLog = field(default_factory=RecordedLog)
    cancelled: threading.Event = field(default_factory=threading.Event)
    connectors: object = None

    @property
    def paths(self) -> Folders:
        return Folders(self.artifacts, self.project)

    @property
    def scratch(self) -> Path:
        return self.artifacts

    manifests = scratch

    def progress(self, done: int, total: int | None = None, unit: str = "rows") -> None:
        pass

    def spawn(self, command: Command, on_line: OnLine | None = None) -> ProcessResult:
        return supervise(command, cancelled=self.cancelled, on_line=on_line)

    @contextlib.contextmanager
    def publish(self, path: Path) -> Iterator[Path]:
        with publish(path) as temporary:
            yield temporary

    @contextlib.contextmanager
    def staged_folder(self, final: Path, *, given: Path | None = None) -> Iterator[Path]:
        with staged_folder(final, owner=self.idempotency_key, given=given) as folder:
            yield folder

    def publish_folder(self, staged: Path, final: Path, **options: bool) -> None:
        publish_folder(staged, final, **options)


@pytest.fixture
def context(tmp_path: Path) -> RecordingContext:
    return new_context(tmp_path)


def new_context(folder: Path, **options: Any) -> RecordingContext:
    artifacts, project = folder / options.get("run_id", "run") / "artifacts", folder / "project"
    artifacts.mkdir(parents=True)
    project.mkdir(exist_ok=True)
    return RecordingContext(artifacts=artifacts.resolve(), project=project.resolve(), **options)


@pytest.fixture
def another_run(tmp_path: Path) -> Callable[..., RecordingContext]:
    """A context of the same project, for another run."""
    return lambda run_id: new_context(tmp_path, run_id=run_id)


@pytest.fixture
def run(context: RecordingContext) -> Callable[..., dict[str, Any]]:
    """Run the step; answers its outputs."""

    def run_step(*, within: RecordingContext = context, **inputs: object) -> dict[str, Any]:
        read = ExternalProcessInputs.model_validate(inputs, context={"paths": within.paths})
        result = ExternalProcess().run(within, read)
        if isinstance(result, Skip):
            assert result.outputs is not None
            return {"reason": result.reason, **result.outputs.model_dump(mode="json")}
        return result.model_dump(mode="json")

    return run_step
