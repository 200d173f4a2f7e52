"""A step under a lock: at most one holder at a time, whatever runs, flows and processes want it."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from aetherflow.kernel.api import OutputsFromStep, Skip, Step, StepContext, StepInputs, StepOutputs

_KEY_MEND = "write a name of 1 to 256 characters, without line breaks and other control characters"


class InnerStep(StepInputs):
    """The step that runs under the lock."""

    type: str = Field(min_length=1, description="The step's type.")
    id: str | None = Field(
        default=None,
        description="Its name in logs; by default the outer one's with `_inner`.",
        json_schema_extra={
            "pattern": "^([A-Za-z0-9_][A-Za-z0-9_-]{0,63})?$",
            "x-aetherflow": {"mend": "leave it out, or write letters, digits, `_` and `-`"},
        },
    )
    inputs: dict[str, Any] | None = Field(default=None, description="Its inputs.")


class WithLockInputs(StepInputs):
    """Which lock, which step, and how long to wait."""

    lock_key: str = Field(
        min_length=1,
        max_length=256,
        pattern=r"^[^\x00-\x1f\x7f-\x9f]+$",
        description="The lock's name: the same wherever the same thing is guarded.",
        json_schema_extra={"x-aetherflow": {"mend": _KEY_MEND, "seen": True}},
    )
    step: InnerStep = Field(
        description="The step that runs under the lock.", json_schema_extra={"x-aetherflow": {"inner_step": True}}
    )
    ttl_seconds: float = Field(
        default=60, ge=5, description="How long the lock stays held when its holder stands still."
    )
    wait_seconds: float = Field(default=0, ge=0, description="How long to wait for another holder; 0 does not wait.")


class WithLock(Step[WithLockInputs, StepOutputs]):
    """Run a step under a lock that one holder has at a time."""

    name = "with_lock"
    outputs_from: ClassVar[OutputsFromStep] = OutputsFromStep("step")

    def run(self, context: StepContext, inputs: WithLockInputs) -> StepOutputs | Skip[StepOutputs]:
        """Run the inner step as soon as the lock is ours."""
        with context.lease(inputs.lock_key, ttl_seconds=inputs.ttl_seconds, wait_seconds=inputs.wait_seconds):
            return context.run_step(inputs.step.model_dump(exclude_none=True))
