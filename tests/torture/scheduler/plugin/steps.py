"""Steps with an effect outside, one for each rerun class: what they leave is counted by run id."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from aetherflow.kernel.api import Rerun, StepContext, register_step


@register_step("outside.publish", rerun=Rerun.SAFE)
def publish(context: StepContext) -> None:
    """A file that has the run's name: the same however often it is written."""
    _work(context)
    with context.publish(_outside(context) / "safe" / context.run_id) as temporary:
        temporary.write_text(context.run_id, encoding="utf-8")


@register_step("outside.deliver", rerun=Rerun.KEYED)
def deliver(context: StepContext) -> None:
    """A line with the run's id, where none stands under the step's key."""
    _work(context)
    with (_outside(context) / "keyed").open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        if all(context.idempotency_key not in line for line in file):
            _append(file.fileno(), f"{context.run_id} {context.idempotency_key}")


@register_step("outside.pay", rerun=Rerun.ONCE)
def pay(context: StepContext) -> None:
    """A line with the run's id, and no question whether there is one."""
    with (_outside(context) / "once").open("a", encoding="utf-8") as file:
        _append(file.fileno(), context.run_id)
    _work(context)


@register_step("outside.begin", rerun=Rerun.SAFE)
def begin(context: StepContext) -> None:
    """A file that says that the work has begun."""
    (_outside(context) / "begun").touch()
    _work(context)


def _outside(context: StepContext) -> Path:
    return Path(context.environment["OUTSIDE"])


def _append(descriptor: int, line: str) -> None:
    os.write(descriptor, f"{line}\n".encode())


def _work(context: StepContext) -> None:
    time.sleep(float(context.environment.get("STUB_SECONDS", "0")))
