"""All rules over one flow, their problems in the order of the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..errors import Problem
from ..resolve.resource_profiles import ResourceProfile
from ..spec.models import Step
from .contributions import Contributions, Index
from .definitions import FlowIndex
from .inputs import check_inputs
from .resources import check_resources
from .rules import Circumstances, Rule, Subject, Values
from .step_types import check_step_types
from .templates import check_templates
from .validators import Validators


def _check_references(subject: Subject) -> Iterator[Problem]:
    """Of what templates and conditions refer to."""
    flow = subject.flow
    # A job without a condition has one that always holds.
    has_conditions = any(when.expression is not None for when in flow.compiled_conditions.values())
    if flow.uses or has_conditions or flow.compiled_step_conditions:
        from .reference_rules import check_all_references

        yield from check_all_references(subject)


def _check_directed(subject: Subject) -> Iterator[Problem]:
    """Of steps that are repeated or tried in a way of their own: most flows have none, and don't import the rules."""
    if subject.directed_steps:
        from .attempts import check_attempts
        from .foreach import check_foreach

        yield from check_foreach(subject)
        yield from check_attempts(subject)


RULES: tuple[Rule, ...] = (
    check_templates,
    check_resources,
    check_step_types,
    check_inputs,
    _check_references,
    _check_directed,
)


_ANY_START = Circumstances()


def check_flow(
    flow: FlowIndex,
    *,
    index: Index,
    environment: Mapping[str, str],
    resource_profiles: Mapping[str, ResourceProfile] | None,
    strict_environment: bool,
    circumstances: Circumstances = _ANY_START,
) -> tuple[Problem, ...]:
    """Everything that is wrong with a flow, as far as it can be known before it runs.

    Args:
        flow: as `index_flow` gives it.
        index: who contributes which step types and connectors.
        environment: the snapshot that templates will see.
        resource_profiles: by name; null where they can't be known.
        strict_environment: whether a missing environment key is an error, not a warning.
        circumstances: what is known of the start that it is checked for.
    """
    contributions, validators = Contributions(index), Validators()
    subject = Subject(
        flow=flow,
        contributions=contributions,
        validators=validators,
        values=Values(flow, contributions, validators),
        environment=environment,
        resource_profiles=resource_profiles,
        is_environment_strict=strict_environment,
        directed_steps=[(job, step) for job in flow.jobs.values() for step in job.job.steps if _is_directed(step)],
        circumstances=circumstances,
    )
    found = [flow.locate(problem) for rule in RULES for problem in rule(subject)]
    return tuple(sorted(dict.fromkeys(found), key=_in_order_of_file))


def _is_directed(step: Step) -> bool:
    is_tried = step.retry is not None or step.timeout_seconds is not None or step.continue_on_error
    return is_tried or step.when is not None or step.foreach is not None


def _in_order_of_file(problem: Problem) -> tuple[int, int]:
    return (problem.where.line, problem.where.column) if problem.where else (0, 0)
