"""A stranger's step that waits: what a run takes beyond its waits is the engine's."""

from __future__ import annotations

import time

from aetherflow.kernel.api import Rerun, StepContext, StepOutputs, register_step


class Waited(StepOutputs):
    """How long it was meant to be."""

    milliseconds: int


@register_step("nap", rerun=Rerun.SAFE)
def nap(context: StepContext, milliseconds: int) -> Waited:
    """Wait."""
    time.sleep(milliseconds / 1000)
    return Waited(milliseconds=milliseconds)
