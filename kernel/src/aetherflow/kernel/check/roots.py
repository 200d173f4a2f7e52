"""What templates and conditions may start with, by the field that they stand in."""

from __future__ import annotations

from ..quick_dataclasses import dataclass
from ..resolve.when import WHEN_ROOTS

PARAMETER_ROOTS = frozenset({"env", "run"})
_STEP_ROOTS = frozenset({"env", "params", "run", "steps", "job", "jobs"})
_INPUT_ROOTS = _STEP_ROOTS | {"flow_id", "run_id"}
#: What a step that is repeated may name besides.
_ITEM_ROOTS = frozenset({"item", "item_index"})
#: What jobs that run at the end may name besides.
_FAILURE_ROOTS = frozenset({"failure"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Roots:
    """The roots of each field of a job and its steps."""

    when: frozenset[str]
    step_when: frozenset[str]
    foreach: frozenset[str]
    inputs: frozenset[str]
    outputs: frozenset[str]
    job_outputs: frozenset[str]


def _roots(job: frozenset[str], item: frozenset[str]) -> Roots:
    return Roots(
        when=WHEN_ROOTS | job,
        step_when=_STEP_ROOTS | job | item,
        foreach=_INPUT_ROOTS | job,
        inputs=_INPUT_ROOTS | job | item,
        outputs=_INPUT_ROOTS | job | {"result"},
        job_outputs=_INPUT_ROOTS | job,
    )


_NONE: frozenset[str] = frozenset()
#: By whether the job runs at the end, and whether the step is repeated.
_ROOTS = {
    (False, False): _roots(_NONE, _NONE),
    (False, True): _roots(_NONE, _ITEM_ROOTS),
    (True, False): _roots(_FAILURE_ROOTS, _NONE),
    (True, True): _roots(_FAILURE_ROOTS, _ITEM_ROOTS),
}


def roots_of(*, is_at_end: bool, is_repeated: bool) -> Roots:
    """The roots of the fields of a job in `on_failure` or `finally` or not, and of a step with `foreach` or not."""
    return _ROOTS[is_at_end, is_repeated]
