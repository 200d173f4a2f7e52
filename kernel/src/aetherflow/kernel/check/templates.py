"""Rule: every template and every condition can be read."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import Problem
from .rules import Subject


def check_templates(subject: Subject) -> Iterable[Problem]:
    """What could not be compiled when the flow was indexed.

    AF-TEMPLATE: a text has braces in it as a template has, and is none that is known here: no calls, no filters.

    Example:
        flow: {id: report}
        params:
          name: {type: string, default: Ada}
        jobs:
          - {id: show, steps: [{id: hi, type: external.process, inputs: {command: [echo, "{{params.name | upper}}"]}}]}

    Mend: write `{{NAME}}` or `{{NAME:DEFAULT}}`; a text that is to stay as it is gets `!raw` in front of it.
        - {id: show, steps: [{id: hi, type: external.process, inputs: {command: [echo, "{{params.name}}"]}}]}

    AF-TEMPLATE-ROOT: a template starts with a word that stands for nothing at this place.

    Example:
        flow: {id: report}
        params:
          day: {type: date, default: "2026-01-31"}
        jobs:
          - {id: show, steps: [{id: day, type: external.process, inputs: {command: [echo, "{{param.day}}"]}}]}

    Mend: start with one of the words that the message lists.
        - {id: show, steps: [{id: day, type: external.process, inputs: {command: [echo, "{{params.day}}"]}}]}

    AF-TEMPLATE-ENVIRONMENT: `{{env}}` alone would hand over every variable of the environment, with all secrets in it.

    Example:
        flow: {id: report}
        jobs:
          - {id: show, steps: [{id: day, type: external.process, inputs: {command: [date], env: "{{env}}"}}]}

    Mend: name the keys that are needed.
        - {id: show, steps: [{id: day, type: external.process, inputs: {command: [date], env: {TZ: "{{env.TZ:UTC}}"}}}]}

    AF-WHEN-SYNTAX: a condition can't be read: it compares values, and joins comparisons with `and`, `or` and `not`.

    Example:
        flow: {id: report}
        params:
          rows: {type: integer, default: 0}
        jobs:
          - id: show
            when: params.rows = 0
            steps: [{id: today, type: external.process, inputs: {command: [date]}}]

    Mend: write a comparison: `==`, `!=`, `<`, `<=`, `>` or `>=`.
        when: params.rows == 0

    AF-WHEN-NAME: a condition starts a path with a word that stands for nothing at this place; text belongs in quotes.

    Example:
        flow: {id: report}
        params:
          mode: {type: string, default: full}
        jobs:
          - id: show
            when: params.mode == full
            steps: [{id: today, type: external.process, inputs: {command: [date]}}]

    Mend: put text in quotes; a path starts with one of the [roots](flow.md#when).
        when: params.mode == 'full'

    AF-WHEN-SIZE: a condition is longer than 1024 bytes, or its parentheses are deeper than 32.

    Example:
        flow: {id: report}
        params:
          rows: {type: integer, default: 0}
        jobs:
          - id: show
            when: ((((((((((((((((((((((((((((((((( params.rows == 0 )))))))))))))))))))))))))))))))))
            steps: [{id: today, type: external.process, inputs: {command: [date]}}]

    Mend: write it shorter, or let a step find out, and look at its output.
        when: params.rows == 0
    """
    return subject.flow.problems
