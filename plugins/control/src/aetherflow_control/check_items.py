"""The gate at the start of many flows: whether there are enough items to go on."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from aetherflow.kernel.api import Rerun, Skip, Step, StepContext, StepInputs, StepOutputs


class CheckItemsInputs(StepInputs):
    """What to count, and how many are enough."""

    items: list[Any] | str = Field(description="The items: a list, or text with commas between them.")
    min_count: int = Field(default=1, ge=0, description="Fewer items than this skip the step.")


class CheckItemsOutputs(StepOutputs):
    """What was counted."""

    has_data: bool = Field(description="Whether there are enough items.")
    count: int = Field(description="How many items there are.")


class CheckItems(Step[CheckItemsInputs, CheckItemsOutputs]):
    """Go on only where there are enough items."""

    name = "check_items"
    rerun = Rerun.SAFE

    def run(self, context: StepContext, inputs: CheckItemsInputs) -> CheckItemsOutputs | Skip[CheckItemsOutputs]:
        """Count the items; too few are a skip that says so."""
        count = count_items(inputs.items)
        outputs = CheckItemsOutputs(has_data=count >= inputs.min_count, count=count)
        if outputs.has_data:
            return outputs
        return Skip(f"count({count}) < min_count({inputs.min_count})", outputs)


def count_items(items: list[Any] | str) -> int:
    """How many items there are; in text, what is blank between two commas is none."""
    if isinstance(items, str):
        return sum(1 for item in items.split(",") if item.strip())
    return len(items)
