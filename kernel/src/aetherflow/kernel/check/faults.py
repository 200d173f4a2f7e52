"""What the validator finds wrong, as values of our own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import YamlPath
from ..quick_dataclasses import dataclass
from .schema_conditions import is_conditional

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError

UNIONS = frozenset({"AnyOf", "OneOfNotValid"})
#: These look at a container and not at what its parts are.
_ABOUT_CONTAINERS = frozenset(
    {"Required", "AdditionalProperties", "Type", "MinItems", "MaxItems", "MinProperties", "MaxProperties"},
)
_ABOUT_KEYS = frozenset({"Required", "AdditionalProperties"})
#: Of these the keyword alone says little to a reader.
_BRIEF = frozenset({"Pattern", "Not", "FalseSchema"})
_FACTS = ("property", "unexpected", "types", "options", "expected_value", "format", "limit", "multiple_of", "pattern")


@dataclass(frozen=True, slots=True)
class Fault:
    """One keyword of a schema that a value does not keep to."""

    #: The validator's name for it, such as `Required`.
    kind: str
    #: Where in the value.
    at: YamlPath
    #: Where in the schema.
    schema_path: YamlPath
    facts: Mapping[str, Any]
    #: For a union, the faults of each of its branches.
    branches: tuple[tuple[Fault, ...], ...] = ()

    def counts(self, path: YamlPath, templates: Mapping[YamlPath, bool]) -> bool:
        """Whether it stays, whatever the templates turn out to be.

        Args:
            path: of the whole value that was validated.
            templates: where templates stand, and whether each is all that stands there.
        """
        if self.branches:
            return all(any(fault.counts(path, templates) for fault in branch) for branch in self.branches)
        if self.kind == "FalseSchema":
            # Nothing may stand there, whatever it is.
            return True
        place = (*path, *self.at)
        if place in templates:
            return not templates[place] and self.kind == "Type"
        return self.kind in _ABOUT_CONTAINERS or not any(other[: len(place)] == place for other in templates)

    @property
    def needs_author(self) -> bool:
        """Whether it is about a form, or holds only under a condition, either of which says little to a reader."""
        return self.kind in _BRIEF or is_conditional(self.schema_path)

    @property
    def is_further(self) -> bool:
        """Whether it is of little use beside another fault of the same value: its form, or what a condition says."""
        return self.kind == "Pattern" or (is_conditional(self.schema_path) and self.kind != "Required")

    def wants_type(self, at: YamlPath) -> bool:
        """Whether all that stands there is of the wrong type."""
        return self.kind == "Type" and self.at == at


def without_repeats(faults: Collection[Fault]) -> list[Fault]:
    """The faults without those that tell of a value again of which enough is told."""
    told = {fault.at for fault in faults if not fault.is_further and fault.kind not in _ABOUT_KEYS}
    return [fault for fault in faults if not fault.is_further or fault.at not in told]


def read_faults(errors: Iterable[ValidationError]) -> tuple[Fault, ...]:
    """The validator's errors as faults."""
    return tuple(map(_read, errors))


def _read(error: ValidationError) -> Fault:
    kind = type(error.kind).__name__
    return Fault(
        kind,
        tuple(error.instance_path),
        tuple(error.schema_path),
        {name: getattr(error.kind, name) for name in _FACTS if hasattr(error.kind, name)},
        tuple(read_faults(branch) for branch in getattr(error.kind, "context", ())) if kind in UNIONS else (),
    )
