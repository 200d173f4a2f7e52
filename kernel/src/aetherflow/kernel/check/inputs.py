"""Rule: the inputs of every step fit the schema that its plugin's manifest gives, those of steps inside steps too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..contracts.spelling import did_you_mean
from ..errors import Problem, YamlPath
from ..quick_dataclasses import dataclass
from ..resolve.templates import Template
from ..spec.misfits import shown
from ..spec.values import without_raw
from .findings import Checked
from .rules import Subject
from .schema_errors import schema_problems

_Templates = Mapping[YamlPath, bool]


@dataclass(frozen=True, slots=True)
class _Call:
    """Inputs that are given to a step type."""

    type: str
    inputs: object
    path: YamlPath
    templates: _Templates


def check_inputs(subject: Subject) -> Iterator[Problem]:
    """Inputs that are missing, unknown, of the wrong type or value, or name no fitting resource.

    AF-INPUT-MISSING: a step, or a resource, needs an input that is not given.

    Example:
        flow: {id: report}
        jobs:
          - {id: show, steps: [{id: today, type: external.process, inputs: {cwd: reports}}]}

    Mend: write the input; which ones a step has stands on the page of its plugin.
        - {id: show, steps: [{id: today, type: external.process, inputs: {command: [date], cwd: reports}}]}

    AF-INPUT-UNKNOWN: a step, or a resource, is given an input that it does not have.

    Example:
        flow: {id: report}
        jobs:
          - {id: show, steps: [{id: today, type: external.process, inputs: {comand: [date]}}]}

    Mend: write it as it is called, or take it out.
        - {id: show, steps: [{id: today, type: external.process, inputs: {command: [date]}}]}

    AF-UNKNOWN-RESOURCE: a step names a resource that the flow does not have.

    Example:
        flow: {id: report}
        resources:
          shop: {kind: db, driver: sqlite3, config: {path: shop.sqlite}}
        jobs:
          - {id: count, steps: [{id: rows, type: db_fetch_small, inputs: {resource: shopp, sql: SELECT 1}}]}

    Mend: write its name as it stands under `resources`, or add it there.
        - {id: count, steps: [{id: rows, type: db_fetch_small, inputs: {resource: shop, sql: SELECT 1}}]}

    AF-WRONG-RESOURCE: a step that works with one kind of system is given a resource of another kind.

    Example:
        flow: {id: report}
        resources:
          shop: {kind: db, driver: sqlite3, config: {path: shop.sqlite}}
          post: {kind: mail, driver: file, config: {folder: outbox, from_addr: shop@example.com}}
        jobs:
          - {id: count, steps: [{id: rows, type: db_fetch_small, inputs: {resource: post, sql: SELECT 1}}]}

    Mend: name a resource that the step can work with.
        - {id: count, steps: [{id: rows, type: db_fetch_small, inputs: {resource: shop, sql: SELECT 1}}]}

    AF-CODE-TEMPLATE: a template stands inside of SQL: whoever sets its value could have the database do something else.

    Example:
        flow: {id: report}
        params:
          name: {type: string, default: Ada}
        resources:
          shop: {kind: db, driver: sqlite3, config: {path: shop.sqlite}}
        jobs:
          - id: count
            steps:
              - id: rows
                type: db_fetch_small
                inputs: {resource: shop, sql: "SELECT * FROM orders WHERE name = '{{params.name}}'"}

    Mend: write `:name` in the SQL, and give the value beside it.
        inputs: {resource: shop, sql: "SELECT * FROM orders WHERE name = :name", params: {name: "{{params.name}}"}}
    """
    for job in subject.flow.flow.all_jobs:
        for step in job.steps:
            template = subject.flow.compiled_inputs.get((job.id, step.id))
            inputs = without_raw(step.inputs)
            path = (*step.path, "inputs")
            templates = _templates(template) if template is not None else _suspects(inputs, path)
            yield from _check_call(subject, _Call(step.type, inputs, path, templates))


def _templates(template: Template) -> _Templates:
    return {reference.path: reference.is_whole for reference in template.references}


def _suspects(value: object, path: YamlPath) -> _Templates:
    """Where templates may stand, for inputs that could not be compiled."""
    if isinstance(value, dict):
        return {place: True for key, item in value.items() for place in _suspects(item, (*path, key))}
    if isinstance(value, list):
        return {place: True for number, item in enumerate(value) for place in _suspects(item, (*path, number))}
    return {path: True} if isinstance(value, str) and "{" in value else {}


def _check_call(subject: Subject, call: _Call) -> Iterator[Problem]:
    known = subject.contributions.step(call.type).found
    if known is None:
        return
    schema = subject.validators.of(f"step {call.type}", known.inputs)
    checked = Checked(call.inputs, call.path, f"the step type {call.type!r}", "input", call.templates)
    for found in schema_problems(schema, checked):
        yield subject.flow.locate(found.problem, at_key=found.at_key)
    for path, name, protocol in schema.marked("resource", call.inputs, call.path):
        if isinstance(name, str) and path not in call.templates:
            yield from _check_resource(subject, name, path, str(protocol))
    for path, text, switch in schema.marked("shell_text_if", call.inputs, call.path):
        yield from _check_shell_text(subject, call, path, str(switch))
        yield from _check_shell_list(text, path, call.templates)
    for path, value, other in schema.marked("same_as", call.inputs, call.path):
        yield from _check_same(call, path, value, str(other))
    for path, _, values in schema.marked("values_in", call.inputs, call.path):
        yield from _check_code_text(call.templates, path, str(values))
    for path, step, _ in schema.marked("inner_step", call.inputs, call.path):
        yield from _check_inner_step(subject, step, path, call.templates)


def _check_shell_text(subject: Subject, call: _Call, path: YamlPath, switch: str) -> Iterator[Problem]:
    from .shell import ShellText, check_shell_text

    value = call.inputs.get(switch) if isinstance(call.inputs, dict) else None
    text = ShellText(path=path, switch=(*call.path, switch), switch_value=value, templates=call.templates)
    yield from check_shell_text(text, may_use_shell=subject.circumstances.may_use_shell)


def _check_shell_list(command: object, path: YamlPath, templates: _Templates) -> Iterator[Problem]:
    if isinstance(command, list):
        from .shell import check_shell_list

        yield from check_shell_list(command, path, templates)


def _check_same(call: _Call, path: YamlPath, value: object, other: str) -> Iterator[Problem]:
    """An input that is another word for a second one says the same as that, where both are given."""
    second = call.inputs.get(other) if isinstance(call.inputs, dict) else None
    known = value is not None and second is not None and not {path, (*call.path, other)} & call.templates.keys()
    if known and value != second:
        yield Problem(
            code="AF-WRONG-VALUE",
            message=f"this is another word for {other!r}, and says something else",
            help="give one of the two",
            path=path,
        )


def _check_code_text(templates: _Templates, path: YamlPath, values: str) -> Iterator[Problem]:
    """What stands in a text that is code elsewhere is code: values have an input of their own."""
    for place in templates:
        if place[: len(path)] == path:
            yield Problem(
                code="AF-CODE-TEMPLATE",
                message="a template stands in a text that is code: its value could change what the code does",
                help=f"write :name in its place, and give the value in `{values}`; names of tables can't be given so",
                severity="warning",
                path=place,
            )


def _check_resource(subject: Subject, name: str, path: YamlPath, protocol: str) -> Iterator[Problem]:
    """The named resource exists, and its connector implements what the step needs."""
    resources = subject.flow.flow.resources
    resource = resources.get(name)
    if resource is None:
        message, mend = f"there is no resource {shown(name)}", did_you_mean(name, resources)
        yield Problem(code="AF-UNKNOWN-RESOURCE", message=message, help=mend, path=path)
        return
    connector = subject.contributions.connector(resource.kind, resource.driver).found
    if connector is None or connector.protocol == protocol:
        return
    fitting = [
        other.name
        for other in resources.values()
        if (found := subject.contributions.connector(other.kind, other.driver).found) and found.protocol == protocol
    ]
    yield Problem(
        code="AF-WRONG-RESOURCE",
        message=f"this step works with {_a(protocol)}, and {name!r} is {_a(connector.protocol)}",
        help=f"name another one: {', '.join(fitting)}" if fitting else f"add a resource that is {_a(protocol)}",
        path=path,
    )


def _a(noun: str) -> str:
    return f"{'an' if noun[:1] in 'AEIOU' else 'a'} {noun}"


def _check_inner_step(subject: Subject, step: object, path: YamlPath, templates: _Templates) -> Iterator[Problem]:
    if not isinstance(step, dict):
        return
    step_type = step.get("type")
    if not isinstance(step_type, str) or (*path, "type") in templates:
        return
    yield from subject.contributions.step(step_type).problems_at((*path, "type"))
    inputs = step.get("inputs", {})
    if (*path, "inputs") not in templates:
        yield from _check_call(subject, _Call(step_type, inputs, (*path, "inputs"), templates))
