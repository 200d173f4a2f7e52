"""The faults that a validator finds, as problems; imported where there is one to tell."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from ..contracts.spelling import did_you_mean, nearest
from ..errors import Problem, YamlPath
from ..resolve.schemas import known_properties
from ..spec.misfits import shown
from .fault_words import words_beside_mend, words_for, words_for_type
from .faults import Fault, without_repeats
from .findings import Checked, Found
from .schema_conditions import is_conditional, looks_at_template, mend_beside, value_at
from .validators import CompiledSchema


class Explanation:
    """Turns faults into problems."""

    def __init__(self, schema: CompiledSchema, checked: Checked) -> None:
        self._schema = schema
        self._checked = checked

    def of(self, faults: Iterable[Fault]) -> Iterator[Found]:
        """The problems that these faults make; a misspelt key is not told as a missing one too."""
        counted = without_repeats([fault for fault in faults if self._counts(fault)])
        unknown = {fault.at: fault.facts["unexpected"] for fault in counted if fault.kind == "AdditionalProperties"}
        for fault in counted:
            if fault.kind == "Required":
                yield from self._missing(fault, unknown.get(fault.at, ()))
            elif fault.kind == "AdditionalProperties":
                yield from self._unexpected(fault)
            elif fault.branches:
                yield from self._union(fault)
            elif fault.kind == "Type":
                yield self._misfit(fault.at, fault.facts["types"], self._authors_mend(fault))
            else:
                yield self._other(fault)

    def _counts(self, fault: Fault) -> bool:
        """Whether it stays, whatever templates and profiles turn out to give."""
        checked = self._checked
        if not fault.counts(checked.path, checked.templates):
            return False
        if not is_conditional(fault.schema_path):
            return True
        within = len(checked.path)
        templates = [place[within:] for place in checked.templates if place[:within] == checked.path]
        return not checked.is_partial and not looks_at_template(
            self._schema.schema, fault.schema_path, fault.at, templates
        )

    def _missing(self, fault: Fault, unknown: Collection[str]) -> Iterator[Found]:
        name = fault.facts["property"]
        known = self._known(fault)
        if self._checked.is_partial or any(nearest(key, known) == name for key in unknown):
            return
        message = f"{self._checked.owner} needs the {self._checked.noun} {_dotted((*fault.at, name))!r}"
        mend = self._authors_mend(fault) or f"write `{name}: …` here"
        yield Found(self._problem("AF-INPUT-MISSING", message, mend, fault.at), at_key=True)

    def _unexpected(self, fault: Fault) -> Iterator[Found]:
        known = self._known(fault)
        for name in fault.facts["unexpected"]:
            path = (*fault.at, name)
            message = f"{self._checked.owner} has no {self._checked.noun} {shown(_dotted(path))}"
            yield Found(self._problem("AF-INPUT-UNKNOWN", message, did_you_mean(name, known), path), at_key=True)

    def _known(self, fault: Fault) -> frozenset[str]:
        """The keys that the mapping may have, by the schema that refused it."""
        schema = value_at(self._schema.schema, fault.schema_path[:-1])
        if isinstance(schema, Mapping) and isinstance(schema.get("properties"), Mapping):
            return frozenset(schema["properties"])
        return known_properties(self._schema.declared.top()) or frozenset()

    def _union(self, fault: Fault) -> Iterator[Found]:
        fitting = [branch for branch in fault.branches if not any(inner.wants_type(fault.at) for inner in branch)]
        if fitting:
            closest = min(fitting, key=lambda branch: _distance(branch, fault.at))
            yield from self.of(closest)
            return
        wrong = (inner for branch in fault.branches for inner in branch if inner.wants_type(fault.at))
        yield self._misfit(fault.at, [name for inner in wrong for name in inner.facts["types"]])

    def _misfit(self, at: YamlPath, types: Iterable[str], authors_mend: str = "") -> Found:
        message, mend = words_for_type(types, value_at(self._checked.value, at))
        return Found(self._problem("AF-WRONG-TYPE", message, authors_mend or mend, at))

    def _other(self, fault: Fault) -> Found:
        message, mend = words_for(fault.kind, fault.facts, value_at(self._checked.value, fault.at))
        authors = self._authors_mend(fault)
        if authors:
            message = words_beside_mend(fault.kind) or message
        return Found(
            self._problem("AF-WRONG-VALUE", message, authors or mend, fault.at), at_key=fault.kind == "FalseSchema"
        )

    def _authors_mend(self, fault: Fault) -> str:
        """What the schema's author says to do, for faults of which the keyword alone tells a reader little."""
        if not fault.needs_author:
            return ""
        if (mend := mend_beside(self._schema.schema, fault.schema_path)) or fault.kind == "Required":
            return mend
        marked = self._schema.marked("mend", self._checked.value, ())
        return next((mend for path, _, mend in marked if path == fault.at and isinstance(mend, str)), "")

    def _problem(self, code: str, message: str, mend: str, at: YamlPath) -> Problem:
        return Problem(code=code, message=message, help=mend, path=(*self._checked.path, *at))


def _distance(faults: tuple[Fault, ...], at: YamlPath) -> tuple[int, int]:
    """How far a branch is from what was meant: another word where words tell the branches apart weighs most."""
    words = sum(fault.kind in {"Constant", "Enum"} and len(fault.at) <= len(at) + 1 for fault in faults)
    return words, len(faults)


def _dotted(path: YamlPath) -> str:
    return ".".join(map(str, path))
