"""From a flow's file to all that is known of it before anything runs: read, located, checked; nothing is imported."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..contracts.spelling import did_you_mean
from ..errors import InvalidInput, Problem, RefusedByPolicy
from ..plugins.index import PluginIndex, build_index
from ..policy.choice import decide_profile
from ..policy.profile import RuntimeProfile
from ..policy.project import Project, find_project
from ..quick_dataclasses import dataclass, replace
from ..resolve.environment import Environment, take_environment
from ..resolve.redaction import Redactor, is_secret_key
from ..resolve.resource_profiles import ResourceProfile, read_resource_profiles
from ..resolve.settings import Settings, read_settings, unknown_keys
from ..resolve.templates import compile_value
from ..spec.document import Document, read_document
from ..spec.flow import Examined, examine_flow
from .definitions import FlowIndex
from .flow import check_flow
from .indexing import index_flow
from .limits import at_most
from .rules import Circumstances

if TYPE_CHECKING:
    from ..errors import YamlPath
    from ..spec.models import Flow

_FLOW_BLOCK_ROOTS = frozenset({"env"})
#: The end of the code of every problem that a rule of the runtime profile is the cause of.
_REFUSAL = "-DENIED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a flow is prepared in: where it belongs, what may run, what is set, what is installed."""

    project: Project
    profile: RuntimeProfile
    environment: Environment
    settings: Settings
    resource_profiles: Mapping[str, ResourceProfile]
    index: PluginIndex
    #: Knows the secrets of the environment; those of resources join when a run resolves them.
    redactor: Redactor
    #: Warnings about the surroundings themselves.
    problems: tuple[Problem, ...]


class Surround(Protocol):
    """Finds what the flows of a project are prepared in, as `surroundings_of` does."""

    def __call__(self, project: Project, *, profile: str | None, environ: Mapping[str, str]) -> Surroundings: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A flow, its surroundings, and everything that is wrong with it; `flow_index` is null where it can't be read."""

    document: Document
    surroundings: Surroundings
    flow_index: FlowIndex | None
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep the flow from running."""
        return tuple(problem for problem in self.problems if problem.severity == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """The problems that don't."""
        return tuple(problem for problem in self.problems if problem.severity == "warning")

    @property
    def notes(self) -> tuple[Problem, ...]:
        """What could not be known."""
        return tuple(problem for problem in self.problems if problem.severity == "note")

    def checked(self) -> FlowIndex:
        """The flow, free of errors.

        Raises:
            InvalidInput: it has errors; holds all of them.
            RefusedByPolicy: the runtime profile refuses what it uses, and nothing else is wrong.
        """
        errors = self.errors
        if errors and all(map(is_refusal, errors)):
            raise RefusedByPolicy.of(errors)
        if errors or self.flow_index is None:
            raise InvalidInput.of(errors)
        return self.flow_index


def is_refusal(problem: Problem) -> bool:
    """Whether a rule of the runtime profile is the cause of a problem with a flow."""
    return problem.code.endswith(_REFUSAL)


def prepare_flow(
    flow_file: Path,
    *,
    profile: str | None = None,
    environ: Mapping[str, str] | None = None,
    shown_as: str | None = None,
    is_scheduled: bool = False,
    surround: Surround | None = None,
) -> Prepared:
    """Read a flow and find everything that is wrong with it.

    Args:
        flow_file: the YAML file.
        profile: the runtime profile asked for.
        environ: the environment to take the snapshot from; the process's own by default.
        shown_as: the file's name in messages; as given by default.
        is_scheduled: whether whoever starts it says for when the run was planned.
        surround: finds the surroundings of a project; by default `surroundings_of`, each time anew.

    Raises:
        InvalidInput: the file can't be read as YAML, or the surroundings are wrong.
        RefusedByPolicy: the policy can't be read, or the profile may not be chosen.
    """
    document = read_document(flow_file, shown_as=shown_as)
    find = surround or surroundings_of
    surroundings = find(find_project(flow_file), profile=profile, environ=os.environ if environ is None else environ)
    block = _FlowBlock(surroundings.environment)
    examined = examine_flow(document, render=block.render)
    return _checked(document, surroundings, examined, block.problems, is_scheduled=is_scheduled)


def find_surroundings(place: Path, *, profile: str | None, environ: Mapping[str, str]) -> Surroundings:
    """What a flow at `place` is prepared in.

    Raises:
        InvalidInput: environment files, settings or resource profiles are wrong.
        RefusedByPolicy: the policy can't be read, or the profile may not be chosen.
    """
    return surroundings_of(find_project(place), profile=profile, environ=environ)


def surroundings_of(project: Project, *, profile: str | None, environ: Mapping[str, str]) -> Surroundings:
    """What the flows of a project are prepared in.

    Raises:
        InvalidInput: environment files, settings or resource profiles are wrong.
        RefusedByPolicy: the policy can't be read, or the profile may not be chosen.
    """
    runtime_profile = decide_profile(project, requested=profile, environ=environ)
    environment = take_environment(environ, folder=project.folder)
    redactor = Redactor()
    redactor.add_environment(environment.values)
    settings = read_settings(environment, project.settings, folder=project.folder, document=project.document)
    resource_profiles = read_resource_profiles(environment, folder=project.folder)
    # Last: with local folders it imports code, which must not happen where something else is wrong.
    index = build_index(runtime_profile, local_folders=settings.plugin_paths, is_strict=settings.plugin_strict)
    return Surroundings(
        project=project,
        profile=runtime_profile,
        environment=environment,
        settings=settings,
        resource_profiles=resource_profiles,
        index=index,
        redactor=redactor,
        problems=(
            *unknown_keys(environment),
            *index.warnings,
            *_problems_of_metrics(settings, index),
            *_settings_without_effect(settings),
        ),
    )


def _problems_of_metrics(settings: Settings, index: PluginIndex) -> Iterator[Problem]:
    if settings.metrics_module is not None:
        from .observation import problems_of_metrics

        yield from problems_of_metrics(settings.metrics_module, index)


def _settings_without_effect(settings: Settings) -> Iterator[Problem]:
    """Nothing is set in silence: a warning for each setting that only a later version acts upon."""
    later = {
        "connector_cache": settings.connector_cache != "run",
        "connector_cache_disabled": settings.connector_cache_disabled,
    }
    for name in (name for name, is_set in later.items() if is_set):
        yield Problem(
            code="AF-NOT-YET",
            message=f"the setting {name} has no effect in this version",
            help="connectors live as long as their run",
            severity="warning",
            path=("settings", name),
        )


def _checked(
    document: Document,
    surroundings: Surroundings,
    examined: Examined,
    of_block: Iterable[Problem],
    *,
    is_scheduled: bool,
) -> Prepared:
    problems = [*surroundings.problems, *examined.problems]
    problems += [replace(problem, where=document.where(problem.path)) for problem in of_block]
    flow_index = None
    if examined.flow is not None:
        flow_index = index_flow(examined.flow)
        problems += check_flow(
            flow_index,
            index=surroundings.index,
            environment=surroundings.environment.values,
            resource_profiles=surroundings.resource_profiles,
            strict_environment=surroundings.settings.validate_env_strict,
            circumstances=Circumstances(
                may_use_shell=surroundings.profile.is_open,
                has_secrets_hook=surroundings.settings.has_secrets_hook,
                is_scheduled=is_scheduled,
            ),
        )
    problems.sort(key=lambda problem: (problem.where.line, problem.where.column) if problem.where else (0, 0))
    return Prepared(document=document, surroundings=surroundings, flow_index=flow_index, problems=at_most(problems))


class _FlowBlock:
    """Renders what stands in the block `flow`, which is settled before anything else is read."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        #: Secrets that would become names of folders, and stand in the ledger.
        self.problems: list[Problem] = []

    def render(self, value: object, path: YamlPath) -> object:
        """The value with its templates replaced."""
        template = compile_value(value, roots=_FLOW_BLOCK_ROOTS, path=path)
        for reference in template.references:
            if len(reference.parts) > 1 and is_secret_key(reference.parts[1]):
                self.problems.append(
                    Problem(
                        code="AF-SECRET-EXPOSED",
                        severity="warning",
                        message=f"the secret {reference.dotted!r} would be seen in names of folders and in logs",
                        help="take something that is no secret",
                        path=reference.path,
                    )
                )
        return template.render({"env": self._environment.values})


def require_job(flow: Flow, job_id: str) -> None:
    """Go on only where the flow has the job.

    Raises:
        InvalidInput: it has none of that name.
    """
    known = [job.id for job in flow.jobs]
    if job_id not in known:
        raise InvalidInput(f"the flow has no job {job_id!r}", code="AF-JOB-UNKNOWN", help=did_you_mean(job_id, known))
