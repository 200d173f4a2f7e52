"""Texts from outside, held against what belongs where they go: defaults of templates, and the environment as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..contracts.spelling import did_you_mean
from ..errors import InvalidInput, Problem
from ..resolve.references import Reference
from ..resolve.text import read_text
from .kinds import Kind
from .validators import has_form


def check_outside_texts(reference: Reference, wanted: Kind, environment: Mapping[str, str]) -> Iterator[Problem]:
    """A reference that is all of a value: its default, and what the environment holds for it.

    AF-TEXT-TYPE: a default in a template, or an environment variable, does not read as a value of the needed type.

    Example:
        flow: {id: report}
        jobs:
          - id: show
            steps:
              - {id: today, type: external.process, inputs: {command: date | cat, shell: "{{env.WITH_SHELL:yes}}"}}

    Mend: write a text that reads as a value of that type.
        - {id: today, type: external.process, inputs: {command: date | cat, shell: "{{env.WITH_SHELL:true}}"}}
    """
    if reference.default is not None:
        yield from _check(reference, reference.default, wanted, "the default of the template")
    key = reference.parts[1] if reference.root == "env" and len(reference.parts) > 1 else ""
    if environment.get(key):
        yield from _check(reference, environment[key], wanted, f"what the environment has as {key!r}")


def _check(reference: Reference, text: str, wanted: Kind, what: str) -> Iterator[Problem]:
    """A text is read for the type that belongs there; what it says is not shown."""
    types = wanted.types
    if types is None:
        return
    try:
        value = text if "string" in types else read_text(text, types)
    except InvalidInput:
        mend = "write true or false" if "boolean" in types else f"give {wanted.words}"
        message = f"this must be {wanted.words}, and {what} does not read as that"
        yield Problem(code="AF-TEXT-TYPE", message=message, help=mend, path=reference.path)
        return
    forms = wanted.formats
    if forms is not None and isinstance(value, str) and not any(has_form(value, form) for form in forms):
        names = " or ".join(sorted(forms))
        message = f"this must be a {names}, and {what} does not read as that"
        yield Problem(code="AF-TEXT-TYPE", message=message, help=f"give a {names}", path=reference.path)
        return
    choices = wanted.choices
    if choices is not None and value not in choices:
        message = f"{what} is none of the values that are allowed here"
        mend = did_you_mean(str(value), [str(choice) for choice in choices])
        yield Problem(code="AF-WRONG-VALUE", message=message, help=mend, path=reference.path)
