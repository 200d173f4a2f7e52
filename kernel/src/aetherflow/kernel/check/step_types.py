"""Rule: every step is of a type that a plugin contributes and policy allows."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import Problem
from .rules import Subject


def check_step_types(subject: Subject) -> Iterator[Problem]:
    """Step types that are unknown, denied or broken; and those that take whatever they are given.

    AF-UNKNOWN-STEP: no plugin that is installed has a step of this type.

    Example:
        flow: {id: report}
        jobs:
          - {id: show, steps: [{id: today, type: external.proces, inputs: {command: [date]}}]}

    Mend: write the type as it is called (`aetherflow plugins list` shows what there is), or install the plugin.
        - {id: show, steps: [{id: today, type: external.process, inputs: {command: [date]}}]}

    AF-PLUGIN-DENIED: the plugin is installed, and the project's runtime profile does not let this step run.

    Example:
        flow: {id: report}
        jobs:
          - {id: show, steps: [{id: today, type: external.process, inputs: {command: [date]}}]}

    Project:
        profile: nightly
        profiles:
          nightly: {extends: internal_fast, plugins: {deny: ["step:external.process"]}}

    Mend: ask who owns the profile, or do without the step; `aetherflow plugins list` shows which rule decides.
    """
    for job in subject.flow.flow.all_jobs:
        for step in job.steps:
            answer = subject.contributions.step(step.type)
            yield from answer.problems_at((*step.path, "type"))
            if answer.found is not None and not subject.contributions.declares_inputs(step.type):
                message = (
                    f"the step type {step.type!r} does not declare all of its inputs: they are checked when it runs"
                )
                yield Problem(code="AF-NOT-KNOWN", severity="note", message=message, path=(*step.path, "type"))
