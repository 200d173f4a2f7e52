"""Rule: no value becomes part of a text that a shell reads, and no shell runs where the profile is not open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..errors import Problem, YamlPath
from ..quick_dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellText:
    """An input that a shell reads if another one, the switch, says so."""

    path: YamlPath
    switch: YamlPath
    switch_value: object
    #: Where templates stand in the step's inputs.
    templates: Mapping[YamlPath, bool]

    @property
    def may_be_read_by_a_shell(self) -> bool:
        """Whether the switch is on, or is known only when the step runs."""
        return self.switch_value is True or self.switch in self.templates


def check_shell_text(text: ShellText, *, may_use_shell: bool) -> Iterator[Problem]:
    """What stands in such a text is code: values belong into the environment or into arguments."""
    if not text.may_be_read_by_a_shell:
        return
    if not may_use_shell:
        yield Problem(
            code="AF-SHELL-DENIED",
            message="this runtime profile runs no shell",
            help="give the program and its arguments as a list",
            path=text.switch,
        )
    for place in text.templates:
        if place[: len(text.path)] == text.path:
            yield Problem(
                code="AF-SHELL-TEMPLATE",
                message="a template in a text that a shell reads would let its value be a command",
                help='hand the value over in `env`, and write "$NAME" here',
                path=place,
            )
