"""What templates and conditions stand for before a run begins, and what they wait for where that is not known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..errors import InvalidInput, MissingReference
from ..quick_dataclasses import dataclass, replace
from ..resolve.references import ABSENT, find, resolve
from .description import Condition, Waiting

if TYPE_CHECKING:
    from ..check.definitions import JobIndex
    from ..errors import YamlPath
    from ..resolve.references import Reference
    from ..resolve.templates import Template
    from ..resolve.when import When

AT_THE_START = "the start of the run"
_LATER = {
    "item": "each item",
    "item_index": "each item",
    "failure": "the end of the jobs",
    "jobs": "the jobs before it",
    "steps": "the steps before it",
}
_NEVER = "never"
#: What only begins to exist below its first part: known or not, each on its own.
_BY_NAME = frozenset({"jobs", "params", "run", "steps"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """The values that are known by now; `jobs` and `steps` hold those that need not run again."""

    scope: Mapping[str, object]
    #: Parameters whose values only the start settles.
    open_parameters: frozenset[str] = frozenset()

    def having(self, **more: object) -> Knowledge:
        """The same, and more."""
        return replace(self, scope={**self.scope, **more})

    def knows(self, reference: Reference) -> bool:
        """Whether it is known what a reference stands for, be it nothing."""
        root, *names = reference.parts
        if root == "params":
            return names[0] not in self.open_parameters if names else not self.open_parameters
        if root == "job":
            return names[:1] == ["id"] or (
                len(names) > 1 and find(tuple(reference.parts[:3]), self.scope) is not ABSENT
            )
        known = self.scope.get(root, ABSENT)
        if root not in _BY_NAME:
            return known is not ABSENT
        return bool(names) and isinstance(known, Mapping) and names[0] in known

    def render(self, template: Template, base: YamlPath, job: JobIndex) -> tuple[object, tuple[Waiting, ...]]:
        """A value as far as it is known, and what the rest of it waits for.

        Args:
            template: the value.
            base: the path that the places of what waits are told from.
            job: the job that it stands in.
        """
        waiting: list[Waiting] = []

        def found(reference: Reference) -> object:
            value, until = self._answer(reference, job)
            if until:
                path = ".".join(map(str, reference.path[len(base) :]))
                waiting.append(Waiting(path=path, reference=reference.dotted, until=until))
            return value

        try:
            return template.render_known(found), tuple(waiting)
        except InvalidInput as error:
            never = Waiting(path="", reference="", until=f"{_NEVER}: {error.problem.message}")
            return template.substitute(lambda reference: reference.token), (*waiting, never)

    def ask(self, when: When | None, text: str | None, job: JobIndex) -> Condition | None:
        """A condition, and whether it holds as far as that is known; null where there is none."""
        if when is None or when.expression is None or text is None:
            return None
        from ..resolve.known_conditions import settled

        waits = dict.fromkeys(_until(each, job) for each in when.references if not self.knows(each))
        try:
            holds = settled(when.expression, self.scope, self.knows)
        except InvalidInput as error:
            return Condition(text=text, holds=None, waits_for=(), problem=error.problem.message)
        return Condition(text=text, holds=holds, waits_for=tuple(waits) if holds is None else ())

    def _answer(self, reference: Reference, job: JobIndex) -> tuple[object, str]:
        """What a reference stands for, or what it waits for."""
        if not self.knows(reference):
            return ABSENT, _until(reference, job)
        try:
            value = resolve(reference, self.scope)
        except MissingReference as error:
            return ABSENT, f"{_NEVER}: {error.problem.message}"
        if not reference.is_whole and not isinstance(value, str | int | float):
            kind = "null" if value is None else "a list" if isinstance(value, list) else "a mapping"
            return ABSENT, f"{_NEVER}: it is {kind}, which can't be part of a text"
        return value, ""


def is_never(waiting: Waiting) -> bool:
    """Whether what is waited for will not come: the step would fail."""
    return waiting.until.startswith(_NEVER)


def _until(reference: Reference, job: JobIndex) -> str:
    """What has to happen before it is known what a reference stands for."""
    root, *names = reference.parts
    if root == "jobs" and names:
        return f"job {names[0]}"
    if root == "steps" and names:
        return f"step {names[0]}"
    if root == "job" and len(names) > 1 and names[1] in job.outputs:
        return f"step {job.job.steps[job.outputs[names[1]]].id}"
    return _LATER.get(root, "the steps before it" if root == "job" else AT_THE_START)
