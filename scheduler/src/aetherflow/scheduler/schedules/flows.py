"""The flows that items name: each is checked once, then every item's start of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from aetherflow.kernel.api import (
    InvalidInput,
    Problem,
    RefusedByPolicy,
    StartCheck,
    StartChecks,
    parameter_text,
)

from .findings import Findings, YamlPath
from .models import Item
from .paths import shown

#: Codes of refusals that the choice of a runtime profile is the cause of.
_ABOUT_PROFILES = {"AF-PROFILE-UNKNOWN", "AF-PROFILE-FLOOR"}


@dataclass(frozen=True, slots=True)
class _Broken:
    """A flow that can't be started at all: what is told at each item that names it."""

    code: str
    message: str
    mend: str
    #: The key of the item that is wrong.
    key: str


class Flows:
    """The flows of one schedule."""

    def __init__(self, findings: Findings, checks: StartChecks, *, profile: str | None, now: datetime) -> None:
        self._findings = findings
        self._checks = checks
        self._profile = profile
        self._now = now
        self._known: dict[tuple[Path, str | None], StartCheck | _Broken] = {}
        self._told: set[Problem] = set()

    def check(self, item: Item, path: YamlPath, key: str) -> None:
        """Note what would keep the item's runs from starting.

        Args:
            item: the item.
            path: its place.
            key: the one that names its flow.
        """
        flow = self.look_at(item.flow, item.profile, path, key)
        if flow is not None:
            for problem, place in self._of_start(item, flow, path):
                self._findings.error(problem.code, problem.message, problem.help, place)

    def look_at(self, file: Path, profile: str | None, path: YamlPath, key: str) -> StartCheck | None:
        """Note what is wrong with a flow itself; null where it can't be started at all.

        Args:
            file: the flow's.
            profile: the item's own runtime profile.
            path: the item's place.
            key: the one that names the flow.
        """
        asked = (file, profile or self._profile)
        flow = self._known.get(asked)
        if flow is None:
            flow = self._known[asked] = self._open(*asked, (*path, key))
        if isinstance(flow, _Broken):
            self._findings.error(flow.code, flow.message, flow.mend, (*path, flow.key))
            return None
        return flow

    def _open(self, file: Path, profile: str | None, path: YamlPath) -> StartCheck | _Broken:
        """The flow, checked; all that is wrong with it is told behind the first item that names it."""
        try:
            flow = self._checks.open(file, profile=profile, shown_as=shown(file))
        except (InvalidInput, RefusedByPolicy) as error:
            first = error.problem
            if isinstance(error, RefusedByPolicy) and first.code in _ABOUT_PROFILES:
                return _Broken(first.code, first.message, first.help, "profile")
            key = str(path[-1])
            if first.code.startswith("AF-FILE-"):
                message = f"the flow {shown(file)} can't be read: {first.message}"
                return _Broken("AF-SCHEDULE-FLOW", message, _mend_of_path(first), key)
            self._behind(path, error.problems)
            return _Broken(
                "AF-SCHEDULE-FLOW", _words_for(file, error.problems), f"aetherflow validate {shown(file)}", key
            )
        self._behind(path, flow.warnings)
        return flow

    def _behind(self, path: YamlPath, problems: tuple[Problem, ...]) -> None:
        # Flows of one project share what is said of it.
        new = [problem for problem in problems if problem not in self._told]
        self._told.update(new)
        self._findings.behind(path, new)

    def _of_start(self, item: Item, flow: StartCheck, path: YamlPath) -> Iterator[tuple[Problem, YamlPath]]:
        run_id = f"{item.id}-{self._now:%Y%m%dT%H%M%S}Z"
        try:
            values = item.run_texts.render(run_id=run_id, scheduled_time=self._now)
        except InvalidInput as error:
            yield error.problem, (*path, "params")
            return
        for name, value in values.items():
            try:
                parameter_text(value)
            except InvalidInput as error:
                yield error.problem, (*path, "params", name)
        problems = flow.problems_with(values, run_id=run_id, scheduled_time=self._now, flow_job=item.flow_job)
        for problem in problems:
            # An id that is wrong is told as the item's.
            if problem.code != "AF-RUN-ID":
                yield _for_item(problem), _place_of(problem, item.params, path)


def _mend_of_path(problem: Problem) -> str:
    if problem.help.startswith("did you mean") or problem.code != "AF-FILE-MISSING":
        return problem.help or "check its path"
    return f"{problem.help or 'check its path'}: paths start at the folder of the schedule file"


def _words_for(file: Path, problems: tuple[Problem, ...]) -> str:
    count = sum(problem.severity == "error" for problem in problems)
    errors = "an error, which is told" if count == 1 else f"{count} errors, which are told"
    return f"the flow {shown(file)} has {errors} after the first item that names it"


def _for_item(problem: Problem) -> Problem:
    if problem.code != "AF-PARAMETER-MISSING":
        return problem
    return replace(problem, help=f"write `params: {{{problem.path[-1]}: …}}`")


def _place_of(problem: Problem, params: Mapping[str, object], path: YamlPath) -> YamlPath:
    """Where in an item something stands that keeps its flow from starting."""
    if problem.code == "AF-JOB-UNKNOWN":
        return (*path, "flow_job")
    if problem.path[:1] == ("params",):
        return (*path, *problem.path[:2]) if problem.path[1] in params else path
    named = next((name for name in params if problem.message.endswith(repr(name))), None)
    return path if named is None else (*path, "params", named)
