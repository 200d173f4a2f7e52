"""`dataclass` for the kernel's records, without its price at import.

`dataclasses.dataclass` compiles six functions for every class, about 0.4 ms each time; the kernel has more than a
hundred records, and that was a fifth of the time that a small flow took to its first step. Records made here share
their functions. To type checkers, to `dataclasses.replace`, `fields` and `asdict`, they are dataclasses.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, NoReturn, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from dataclasses import dataclass, field, replace
else:

    def dataclass(*, slots: bool, frozen: bool = False, kw_only: bool = False, order: bool = False) -> Any:  # noqa: ANN401 - a decorator of classes
        """Make a record of a class; what it knows no argument for is for `dataclasses.dataclass`.

        Raises:
            TypeError: the record would have no slots.
        """
        if not slots:
            message = "records have slots"
            raise TypeError(message)
        shared = {**_SHARED, **(_FROZEN if frozen else _CHANGEABLE), **(_ORDERED if order else {})}
        return lambda cls: _make_record(cls, shared, are_keywords_only=kw_only)

    def field(*, default: Any = ..., default_factory: Any = ..., repr: bool = True, compare: bool = True) -> Any:  # noqa: A002, ANN401 - as in dataclasses
        """What one field needs to have said beside its type."""
        return _Field(default=default, factory=default_factory, is_shown=repr, is_compared=compare)

    def replace(record: Any, /, **changes: Any) -> Any:  # noqa: ANN401 - the same kind of record
        """Another record, with the same values but for some."""
        return type(record)(**{**_getstate(record), **changes})


__all__ = ("dataclass", "field", "field_names", "replace")


def field_names(kind: type) -> tuple[str, ...]:
    """The names of the fields of a kind of record, in order."""
    return tuple(kind._record_fields)  # type: ignore[attr-defined] # noqa: SLF001 - what records have


#: Stands where a field has no default; no record has the ellipsis itself as one.
_NOTHING: Any = ...
#: A class of which this many records were made gets a compiled `__init__` after all: it takes less than half the time.
_USES_BEFORE_COMPILING = 100
#: How a frozen record gets its values.
_put = object.__setattr__
_NOT_COPIED = frozenset({"__dict__", "__weakref__"})


class _Field:
    """What a class says of one of its fields."""

    __slots__ = ("annotation", "default", "factory", "is_compared", "is_keyword_only", "is_shown")

    def __init__(
        self,
        default: object = _NOTHING,
        *,
        factory: Any = _NOTHING,  # noqa: ANN401 - a callable, or nothing
        is_shown: bool = True,
        is_compared: bool = True,
    ) -> None:
        self.default = default
        self.factory = factory
        self.is_shown = is_shown
        self.is_compared = is_compared
        self.is_keyword_only = False
        self.annotation = ""

    def default_for(self, cls: type, name: str) -> object:
        """What a record gets that was made without this field."""
        if self.factory is not _NOTHING:
            return self.factory()
        if self.default is not _NOTHING:
            return self.default
        message = f"{cls.__qualname__}() needs {name!r}"
        raise TypeError(message)


def _make_record(cls: type, shared: Mapping[str, object], *, are_keywords_only: bool) -> type:
    """The class made anew, with slots for its fields and with the functions of a record."""
    kept = {**shared, **vars(cls)}
    for name in _NOT_COPIED:
        kept.pop(name, None)
    own = _own_fields(kept, are_keywords_only=are_keywords_only)
    fields = {**_inherited_fields(cls), **own}
    compared = [name for name, found in fields.items() if found.is_compared]
    kept["__slots__"] = tuple(own)
    kept["__match_args__"] = tuple([name for name, found in fields.items() if not found.is_keyword_only])
    kept["_record_fields"] = fields
    kept["_record_count"] = _USES_BEFORE_COMPILING
    kept["_record_values"] = operator.attrgetter(*compared) if compared else staticmethod(_no_values)
    return type(cls)(cls.__name__, cls.__bases__, kept)


def _own_fields(members: dict[str, Any], *, are_keywords_only: bool) -> dict[str, _Field]:
    """The fields among the members of a class, taken out of them."""
    own = {}
    for name, annotation in members.get("__annotations__", {}).items():
        if annotation.startswith("ClassVar"):
            continue
        given = members.pop(name, _NOTHING)
        own[name] = found = given if isinstance(given, _Field) else _Field(given)
        found.annotation = annotation
        found.is_keyword_only = are_keywords_only
    return own


def _inherited_fields(cls: type) -> dict[str, _Field]:
    return next((vars(base)["_record_fields"] for base in cls.__mro__[1:] if "_record_fields" in vars(base)), {})


def _no_values(_record: object) -> tuple[()]:
    return ()


# The functions that all records share; `self` is any record.


def _init(self: Any, *positional: object, **values: object) -> None:  # noqa: ANN401 - as said
    cls = type(self)
    cls._record_count -= 1
    if not cls._record_count:
        cls.__init__ = _compiled_init(cls)
    if positional:
        values = _named(cls, positional, values)
    if values.keys() != cls._record_fields.keys():
        values = _completed(cls, values)
    for name, value in values.items():
        _put(self, name, value)


def _compiled_init(cls: Any) -> Callable[..., None]:  # noqa: ANN401 - any record class
    """An `__init__` of this class alone; each value goes straight to its slot."""
    fields: Mapping[str, _Field] = cls._record_fields
    given: dict[str, object] = {"_NOTHING": _NOTHING}
    arguments, lines = ["self"], ["pass"]
    for name, found in sorted(fields.items(), key=lambda each: each[1].is_keyword_only):
        if found.is_keyword_only and "*" not in arguments:
            arguments.append("*")
        given[f"put_{name}"] = getattr(cls, name).__set__
        if found.factory is not _NOTHING:
            given[f"make_{name}"] = found.factory
            lines.append(f"if {name} is _NOTHING: {name} = make_{name}()")
        given[f"default_{name}"] = found.default
        is_needed = found.factory is _NOTHING and found.default is _NOTHING
        arguments.append(name if is_needed else f"{name}=default_{name}")
        lines.append(f"put_{name}(self, {name})")
    source = f"def __init__({', '.join(arguments)}):\n " + "\n ".join(lines)
    exec(source, given)  # noqa: S102 - the names of our own fields, as `dataclasses` does
    return cast("Callable[..., None]", given["__init__"])


def _named(cls: Any, positional: tuple[object, ...], values: Mapping[str, object]) -> dict[str, object]:  # noqa: ANN401 - as said
    names = cls.__match_args__
    named = {**dict(zip(names, positional, strict=False)), **values}
    if len(named) != len(positional) + len(values):
        message = f"{cls.__qualname__}() takes at most {len(names)} values by position, and each value once"
        raise TypeError(message)
    return named


def _completed(cls: Any, values: Mapping[str, object]) -> dict[str, object]:  # noqa: ANN401 - as said
    fields: Mapping[str, _Field] = cls._record_fields
    if unknown := values.keys() - fields.keys():
        message = f"{cls.__qualname__}() has no {', '.join(sorted(unknown))}"
        raise TypeError(message)
    return {name: values[name] if name in values else found.default_for(cls, name) for name, found in fields.items()}


def _repr(self: Any) -> str:  # noqa: ANN401 - as said
    shown = (f"{name}={getattr(self, name)!r}" for name, found in self._record_fields.items() if found.is_shown)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _compared(by: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def compare(self: Any, other: Any) -> Any:  # noqa: ANN401 - as said
        if other.__class__ is not self.__class__:
            return NotImplemented
        values = self.__class__._record_values  # noqa: SLF001 - of its own kind
        return by(values(self), values(other))

    return compare


def _hash(self: Any) -> int:  # noqa: ANN401 - as said
    return hash(self.__class__._record_values(self))  # noqa: SLF001 - as above


def _refuse(self: object, name: str, *_value: object) -> NoReturn:
    from dataclasses import FrozenInstanceError

    message = f"cannot change field {name!r}"
    raise FrozenInstanceError(message)


def _getstate(self: Any) -> dict[str, object]:  # noqa: ANN401 - as said
    return {name: getattr(self, name) for name in self._record_fields}


def _setstate(self: object, state: Mapping[str, object]) -> None:
    for name, value in state.items():
        _put(self, name, value)


class _Described:
    """What `dataclasses` asks a class about itself: taken, when it is asked, from a dataclass with the same fields."""

    def __init__(self, attribute: str) -> None:
        self.attribute = attribute

    def __get__(self, record: object, cls: Any) -> object:  # noqa: ANN401 - any record class
        twin = _twin_of(cls)
        for attribute in ("__dataclass_fields__", "__dataclass_params__"):
            setattr(cls, attribute, getattr(twin, attribute))
        return getattr(twin, self.attribute)


_SHARED = {
    "__init__": _init,
    "__repr__": _repr,
    "__eq__": _compared(operator.eq),
    "__getstate__": _getstate,
    "__setstate__": _setstate,
    "__dataclass_fields__": _Described("__dataclass_fields__"),
    "__dataclass_params__": _Described("__dataclass_params__"),
}
_FROZEN = {"__hash__": _hash, "__setattr__": _refuse, "__delattr__": _refuse}
_CHANGEABLE = {"__hash__": None}
_ORDERED = {f"__{by.__name__}__": _compared(by) for by in (operator.lt, operator.le, operator.gt, operator.ge)}


def _twin_of(cls: Any) -> type:  # noqa: ANN401 - any record class
    """A dataclass with the same fields."""
    import dataclasses

    fields = [(name, found.annotation, _described(found)) for name, found in cls._record_fields.items()]
    # With a docstring of its own it is spared a signature, which costs more than all the rest.
    kept = {"__doc__": cls.__doc__ or cls.__name__}
    is_frozen = cls.__setattr__ is _refuse
    return dataclasses.make_dataclass(cls.__name__, fields, frozen=is_frozen, eq=False, repr=False, namespace=kept)


def _described(found: _Field) -> Any:  # noqa: ANN401 - what `dataclasses.field` answers
    from dataclasses import field as described_field

    given: dict[str, Any] = {"repr": found.is_shown, "compare": found.is_compared, "kw_only": found.is_keyword_only}
    if found.default is not _NOTHING:
        given["default"] = found.default
    if found.factory is not _NOTHING:
        given["default_factory"] = found.factory
    return described_field(**given)
