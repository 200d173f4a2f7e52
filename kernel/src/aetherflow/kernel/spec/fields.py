"""Mappings whose keys are known: read key by key, what is wrong noted, and on with the rest."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeAlias

from ..contracts.spelling import did_you_mean, nearest
from ..errors import Problem, YamlPath
from ..quick_dataclasses import dataclass
from .document import Document, Raw
from .misfits import AlreadyTold, Broken, Misfit, shown, wrong_type

#: So many problems of a kind are told: who has more than that mends these first.
MAX_PROBLEMS = 1_000
#: After that many problems the document is something else than a flow: looking for right spellings is no use.
_MANY_PROBLEMS = 100
_LONGEST_TYPO = 64


class EnoughProblems(Exception):
    """Reading on would only find more of them."""


class Reading:
    """One reading of one document: what was found wrong, and whether anything had to be left out."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = []
        #: Something could not be read at all: what is said about the rest might be said because of it.
        self.is_incomplete = False

    def report(self, code: str, message: str, mend: str, path: YamlPath, *, at_key: bool = False) -> None:
        """Note a problem at a value, or at the key that it stands under."""
        where = self.document.where_key(path) if at_key else self.document.where(path)
        self.note(Problem(code=code, message=message, help=mend, where=where, path=path))

    def note(self, problem: Problem) -> None:
        """Note a problem that is made already.

        Raises:
            EnoughProblems: there are more than are told of any flow.
        """
        self.problems.append(problem)
        if len(self.problems) > MAX_PROBLEMS:
            raise EnoughProblems

    def report_misfit(self, misfit: Misfit, path: YamlPath) -> None:
        """Note that the value at this path can't be used at all."""
        self.is_incomplete = True
        self.report(misfit.code, misfit.message, misfit.mend, path)


Shape: TypeAlias = Callable[[Reading, Any, YamlPath], Any]


class Templates:
    """The shape of a value that may hold templates: a `!raw` in front of it is kept, on each of its parts."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape

    def __call__(self, reading: Reading, value: object, path: YamlPath) -> object:
        """The value, read by the shape.

        Raises:
            Misfit: it is not of that shape.
        """
        if not isinstance(value, Raw):
            return self._shape(reading, value, path)
        found = self._shape(reading, value.value, path)
        if isinstance(found, dict):
            return {key: Raw(item) for key, item in found.items()}
        return [Raw(item) for item in found] if isinstance(found, list) else Raw(found)


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a mapping: the shape of its value, and whether it must be there."""

    shape: Shape
    is_required: bool = False


class Fields:
    """The keys of one kind of mapping."""

    def __init__(self, noun: str, known: Mapping[str, Field]) -> None:
        self.noun = noun
        self.known = known
        self.required = frozenset(key for key, field in known.items() if field.is_required)

    def __call__(self, reading: Reading, value: object, path: YamlPath) -> dict[str, Any]:
        """What stands under each known key that is there and readable.

        Raises:
            Misfit: this is no mapping, or a key that must be there is missing or unreadable.
        """
        if not isinstance(value, dict):
            raise wrong_type(value, "a mapping")
        found: dict[str, Any] = {}
        meant: set[str] = set()
        for key, item in value.items():
            name = key if key in self.known else self._unknown(reading, key, value, path)
            if name is not None:
                meant.add(name)
                read_into(found, name, self.known[name].shape, reading, item, (*path, key))
        if not found.keys() >= self.required:
            self._report_missing(reading, self.required - meant, path)
            raise AlreadyTold
        return found

    def _report_missing(self, reading: Reading, missing: Collection[str], path: YamlPath) -> None:
        """Keys that must be there, and are not.

        AF-MISSING-KEY: a part of the flow lacks a key that it can't do without.

        Example:
            flow: {id: report}
            jobs:
              - id: show
                steps:
                  - {id: today, inputs: {command: [date]}}

        Mend: write the key.
            - {id: today, type: external.process, inputs: {command: [date]}}
        """
        for key in sorted(missing):
            mend = f"write `{key}: …` here"
            reading.report("AF-MISSING-KEY", f"{self.noun} needs the key {key!r}", mend, path, at_key=True)

    def _unknown(self, reading: Reading, key: str, value: Mapping[str, object], path: YamlPath) -> str | None:
        """Report the key, and answer the known one that it stands for: what hangs below is checked all the same.

        AF-UNKNOWN-KEY: a part of the flow has a key that does not exist there: it is misspelt, or indented wrongly.

        Example:
            flow: {id: report}
            jobs:
              - id: show
                step:
                  - {id: today, type: external.process, inputs: {command: [date]}}

        Mend: write the key as it is called; the keys of each part are listed in [flows](flow.md).
            steps:
        """
        place = (*path, key)
        if len(reading.problems) > _MANY_PROBLEMS or len(key) > _LONGEST_TYPO:
            reading.report("AF-UNKNOWN-KEY", f"{self.noun} has no key {shown(key)}", "", place, at_key=True)
            return None
        meant = nearest(key, self.known)
        mend = did_you_mean(key, self.known)
        reading.report("AF-UNKNOWN-KEY", f"{self.noun} has no key {shown(key)}", mend, place, at_key=True)
        return meant if meant in self.known and meant not in value else None


def read_into(found: dict[str, Any], name: str, shape: Shape, reading: Reading, item: object, path: YamlPath) -> None:
    """Read a value, and put it under its name where it can be read."""
    if isinstance(item, Broken):
        reading.is_incomplete = True
        return
    try:
        value = item.value if isinstance(item, Raw) and not isinstance(shape, Templates) else item
        found[name] = shape(reading, value, path)
    except AlreadyTold:
        reading.is_incomplete = True
    except Misfit as misfit:
        reading.report_misfit(misfit, path)
