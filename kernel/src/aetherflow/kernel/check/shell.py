"""Rule: no value becomes part of a text that a shell reads, and no shell runs where the profile is not open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..errors import Problem, YamlPath
from ..quick_dataclasses import dataclass

#: Programs that read the text after `-c` as commands.
_SHELLS = frozenset({"sh", "ash", "bash", "dash", "fish", "ksh", "mksh", "zsh"})


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


def _text_in_list(command: Sequence[object]) -> int | None:
    """Where in a list of a program and its arguments a text stands that the program, a shell, reads; else null."""
    program = command[0] if command else None
    if not isinstance(program, str) or program.rpartition("/")[2] not in _SHELLS:
        return None
    for number, argument in enumerate(command[1:], start=1):
        if not isinstance(argument, str) or not argument.startswith("-"):
            return None
        if "c" in argument.removeprefix("-") and not argument.startswith("--"):
            return number + 1
    return None


def check_shell_list(
    command: Sequence[object], path: YamlPath, templates: Mapping[YamlPath, bool]
) -> Iterator[Problem]:
    """The same where a shell is the program that is run."""
    number = _text_in_list(command)
    if number is not None and (*path, number) in templates:
        yield _templated((*path, number))


def check_shell_text(text: ShellText, *, may_use_shell: bool) -> Iterator[Problem]:
    """What stands in such a text is code: values belong into the environment or into arguments.

    AF-SHELL-TEMPLATE: a template stands in a text that a shell reads: its value could be a command as well.

    Example:
        flow: {id: report}
        params:
          name: {type: string, default: Ada}
        jobs:
          - id: show
            steps:
              - {id: hello, type: external.process, inputs: {command: "echo {{params.name}}", shell: true}}

    Mend: hand the value over as a variable, or leave the shell out: `command: [echo, "{{params.name}}"]`.
        - id: hello
          type: external.process
          inputs: {command: 'echo "$NAME"', shell: true, env: {NAME: "{{params.name}}"}}

    AF-SHELL-DENIED: a step hands a text to a shell, and only an open runtime profile allows that.

    Example:
        flow: {id: report}
        jobs:
          - {id: show, steps: [{id: today, type: external.process, inputs: {command: date | cat, shell: true}}]}

    Project:
        profile: nightly
        profiles:
          nightly: {extends: internal_fast, plugins: {mode: listed, allow: [process]}}

    Mend: write the program and its arguments as a list, and leave `shell` out.
        - {id: show, steps: [{id: today, type: external.process, inputs: {command: [date]}}]}
    """
    if not text.may_be_read_by_a_shell:
        return
    if not may_use_shell:
        yield Problem(
            code="AF-SHELL-DENIED",
            message="a step may use a shell only where the runtime profile is open, and this one is not",
            help=f"write the program and its arguments as a list, and leave `{text.switch[-1]}` out",
            path=text.switch,
        )
    for place in text.templates:
        if place[: len(text.path)] == text.path:
            yield _templated(place)


def _templated(path: YamlPath) -> Problem:
    return Problem(
        code="AF-SHELL-TEMPLATE",
        message="a template stands in a text that a shell reads: its value could run as a command",
        help='hand the value over in `env`, and write "$NAME" here',
        path=path,
    )
