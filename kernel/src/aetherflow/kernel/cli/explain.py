"""`aetherflow explain`: which profile, file and environment key fills each setting of a flow's resources."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..contracts.spelling import did_you_mean
from ..contracts.tables import NONE, plain, table
from ..errors import AetherFlowError, ExitCode, InvalidInput
from ..resolve.redaction import MASK
from .flow_file import given_flow
from .output import output_kept_for_the_answer, print_json, print_problems, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..check.preparation import Prepared
    from ..diagnostics.resources import ResourceReport
    from ..errors import Problem
    from ..resolve.explanation import ExplainedSetting, UsedKey

#: Words for those that are no words.
_SOURCES = {"template_default": "template default", "driver_default": "driver default", "nothing": ""}


def explain(
    *,
    flow: str | None,
    flow_yaml: str | None,
    profile: str | None,
    resource: str | None,
    as_json: bool,
    environ: Mapping[str, str],
) -> ExitCode:
    """Say where each setting of a flow's resources comes from; no plugin is imported, no connection opened."""
    from ..check.preparation import prepare_flow
    from ..diagnostics.resources import report_resources, untold

    file = given_flow(flow, flow_yaml, command="explain")
    with output_kept_for_the_answer():
        prepared = prepare_flow(file, profile=profile, environ=environ)
    surroundings, reports = prepared.surroundings, []
    with surroundings.index:
        if prepared.flow_index:
            found = prepared.flow_index.flow
            reports = report_resources(surroundings, found, names=_names(resource, list(found.resources)))
    errors = [*prepared.errors, *untold(reports, prepared.errors)]
    hook = surroundings.settings.secrets_module or surroundings.settings.secrets_path
    explained = {report.resource.name: resource_as_json(report, hook=str(hook) if hook else None) for report in reports}
    answer = surroundings.redactor.redact_value(explained)
    if as_json:
        print_json(_as_json(prepared, errors, str(file), answer))
    else:
        print_problems([*errors, *prepared.warnings], prepared)
        say("\n".join(_lines(str(file), answer)))
    return _exit_code(prepared, errors)


def _names(asked: str | None, known: list[str]) -> list[str]:
    if asked is None:
        return known
    if asked not in known:
        mend = did_you_mean(asked, known)
        raise InvalidInput(f"the flow has no resource {asked!r}", code="AF-UNKNOWN-RESOURCE", help=mend)
    return [asked]


def _exit_code(prepared: Prepared, errors: list[Problem]) -> ExitCode:
    try:
        prepared.checked()
    except AetherFlowError as error:
        return error.exit_code
    return ExitCode.INVALID_INPUT if errors else ExitCode.DONE


def _as_json(prepared: Prepared, errors: list[Problem], flow_yaml: str, answer: dict[str, Any]) -> dict[str, Any]:
    from ..check.report import problem_as_json

    redact = prepared.surroundings.redactor.redact_value
    return {
        "ok": not errors,
        "flow_yaml": flow_yaml,
        "errors": redact([problem_as_json(problem) for problem in errors]),
        "warnings": redact([problem_as_json(problem) for problem in prepared.warnings]),
        "resources": answer,
    }


def resource_as_json(report: ResourceReport, *, hook: str | None) -> dict[str, Any]:
    """A resource as `explain --json` gives it, every secret field masked."""
    resource, explained, connector = report.resource, report.explained, report.connector
    plugin = connector.plugin if connector else None
    profile = explained.profile if explained else None
    where = profile.document.where_key((profile.name,)) if profile else None
    return {
        "kind": resource.kind,
        "driver": resource.driver,
        "protocol": connector.protocol if connector else None,
        "plugin": {"name": plugin.name, "distribution": plugin.distribution, "version": plugin.version}
        if plugin
        else None,
        "profile": resource.profile,
        "profile_file": where.file if where else None,
        "profile_line": where.line if where else None,
        "decode": explained.decode if explained else resource.decode,
        "missing": [setting.name for setting in explained.settings if setting.is_missing] if explained else [],
        "fields": [_field_as_json(setting, hook) for setting in explained.settings] if explained else [],
    }


def _field_as_json(setting: ExplainedSetting, hook: str | None) -> dict[str, Any]:
    from ..resolve.references import ABSENT

    # What is decoded is a secret that nobody knows before a run.
    value = MASK if setting.is_decoded and not setting.is_missing else setting.value
    value = None if value is ABSENT else value
    is_written = setting.source not in {"driver_default", "nothing"}
    return {
        "field": setting.name,
        "value": value,
        "source": setting.source,
        "file": setting.where.file if setting.where and is_written else None,
        "line": setting.where.line if setting.where and is_written else None,
        "keys": [_key_as_json(key) for key in setting.keys],
        "is_secret": setting.is_secret,
        "is_missing": setting.is_missing,
        "is_decoded": setting.is_decoded,
        "decoded_by": hook if setting.is_decoded else None,
    }


def _key_as_json(key: UsedKey) -> dict[str, Any]:
    return {
        "key": key.key,
        "set_in": key.origin or None,
        "has_default": key.has_default,
        "is_default_used": key.is_defaulted,
    }


def _lines(flow: str, resources: dict[str, Any]) -> Iterator[str]:
    yield f"Flow: {plain(flow)}"
    if not resources:
        yield "no resources"
    for name, told in resources.items():
        yield ""
        profile = f" profile={told['profile']}" if told["profile"] else ""
        yield plain(f"Resource: {name} ({told['kind']}/{told['driver']}){profile}")
        plugin = told["plugin"]
        by = f"{plugin['name']} {plugin['version']} ({plugin['distribution']})" if plugin else "none that may be used"
        yield plain(f"  plugin: {by}")
        if told["profile_file"]:
            yield plain(f"  profile: {told['profile_file']}:{told['profile_line']}")
        if told["fields"]:
            rows = [(field["field"], _shown_value(field), _shown_source(field)) for field in told["fields"]]
            yield from (f"  {line}" for line in table(("FIELD", "VALUE", "FROM"), rows).splitlines())


def _shown_value(field: dict[str, Any]) -> str:
    if field["is_missing"]:
        return "MISSING"
    if field["source"] == "nothing":
        return NONE
    return str(field["value"]) if isinstance(field["value"], str) else json.dumps(field["value"])


def _shown_source(field: dict[str, Any]) -> str:
    source = _SOURCES.get(field["source"], field["source"])
    parts = [f"{source} {field['file']}:{field['line']}" if field["file"] else source]
    parts += [_shown_key(key) for key in field["keys"]]
    if field["is_decoded"]:
        hook = field["decoded_by"]
        parts.append(f"decoded by {hook}" if hook else "to be decoded, and no secrets hook is named")
    return ", ".join(parts)


def _shown_key(key: dict[str, Any]) -> str:
    if not key["set_in"]:
        return f"{key['key']} is not set"
    return f"{key['key']} {'is empty in' if key['is_default_used'] else 'from'} {key['set_in']}"
