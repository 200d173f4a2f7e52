"""Steps that leave a trace: each attempt appends one line to the witness file, with one write."""

from __future__ import annotations

import hashlib
import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aetherflow.kernel.api import Rerun, Skip, StepContext, StepError, StepOutputs, register_step


class Link(StepOutputs):
    """What the next step is given: it depends on all that came before."""

    digest: str
    position: int


class Written(StepOutputs):
    """A file that was published."""

    path: str
    sha256: str


class Count(StepOutputs):
    """How much there was."""

    count: int


class Values(StepOutputs):
    """One output of each kind that could suffer on its way through the ledger."""

    text: str
    long_text: str
    fraction: float
    large: int
    nothing: None
    moment: datetime
    many: list[Any]
    table: dict[str, Any]


@register_step("kills.link", rerun=Rerun.SAFE)
def link(context: StepContext, value: Any, position: int = 0, start: int = 0) -> Link:
    """Stand on what an earlier step gave; may run again. `start` is the run's, where the step belongs to one."""
    return _link(context, value, position, start)


@register_step("kills.keyed", rerun=Rerun.KEYED)
def keyed(context: StepContext, value: Any, position: int = 0) -> Link:
    """Stand on what an earlier step gave; may run again under its key."""
    return _link(context, value, position)


@register_step("kills.once", rerun=Rerun.ONCE)
def once(context: StepContext, value: Any, position: int = 0) -> Link:
    """Stand on what an earlier step gave; may not run again."""
    return _link(context, value, position)


@register_step("kills.file", rerun=Rerun.SAFE)
def file(context: StepContext, name: str, text: str) -> Written:
    """Publish a file."""
    with _work(context), context.publish(context.artifacts / name) as temporary:
        temporary.write_text(text * 200, encoding="utf-8")
    content = (context.artifacts / name).read_bytes()
    return Written(path=str(context.artifacts / name), sha256=hashlib.sha256(content).hexdigest())


@register_step("kills.nothing", rerun=Rerun.SAFE)
def nothing(context: StepContext) -> Count | Skip[Count]:
    """Find that there is nothing to do."""
    with _work(context):
        return Skip("nothing there", Count(count=0))


@register_step("kills.values", rerun=Rerun.SAFE)
def values(context: StepContext, length: int = 40_000) -> Values:
    """Give values that are hard to keep."""
    with _work(context):
        return Values(
            text='Zoë "ß" \u2028 \U0001f409 {{x}} ${Y} \\n',
            long_text="0123456789abcdef" * (length // 16),
            fraction=0.1 + 0.2,
            large=2**70 + 1,
            nothing=None,
            moment=datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC),
            many=[1, 1.0, -0.0, 1e-320, "", None, True, [[]]],
            table={"b": 1, "a": {"é": [None]}},
        )


@register_step("kills.gate", rerun=Rerun.SAFE)
def gate(context: StepContext, path: str) -> Count:
    """Wait until a file is there, or the run must stop."""
    _bear_witness(context)
    while not Path(path).exists() and not context.cancelled.wait(0.01):
        pass
    return Count(count=1)


@register_step("kills.fail", rerun=Rerun.SAFE)
def fail(context: StepContext) -> None:
    """Fail after the work."""
    with _work(context):
        raise StepError("it never works", code="AF-KILLS-FAIL")


def _link(context: StepContext, value: Any, position: int, start: int = 0) -> Link:
    with _work(context, start):
        parts = [context.job_id, context.step_id, value]
        text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
        return Link(digest=hashlib.sha256(text.encode()).hexdigest(), position=position + 1)


class _work:  # noqa: N801 - reads as a verb where it is used
    """The time that work takes, half of it before its trace and half of it after."""

    def __init__(self, context: StepContext, start: int = 0) -> None:
        self._context = context
        self._start = start
        self._began = time.time()
        self._seconds = float(context.environment.get("PAUSE", "0")) / 2

    def __enter__(self) -> None:
        time.sleep(self._seconds)
        _bear_witness(self._context, self._start, self._began)

    def __exit__(self, *_: object) -> None:
        time.sleep(self._seconds)


def _bear_witness(context: StepContext, start: int = 0, began: float | None = None) -> None:
    told = {
        "job": context.job_id,
        "step": context.step_id,
        "item": getattr(context, "item", ""),
        "start": start,
        "attempt": context.attempt,
        "key": context.idempotency_key,
        "pid": os.getpid(),
        "began": began or time.time(),
    }
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    descriptor = os.open(context.environment["WITNESS"], flags, 0o600)
    try:
        os.write(descriptor, (json.dumps(told) + "\n").encode())
    finally:
        os.close(descriptor)
