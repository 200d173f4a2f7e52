"""From the parser's events to plain values and the table of their places, within limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn, Protocol

from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from ..errors import InvalidInput, Location
from ..quick_dataclasses import dataclass
from .core_schema import FIRST_CHARACTERS, read_scalar
from .misfits import shown
from .places import Container, Place, Places, line_and_column
from .tags import apply_tag
from .values import Raw

MAX_NODES = 2_000_000
MAX_KEYS = 10_000
MAX_DEPTH = 64
MAX_ALIASES = 100
MAX_ALIASED_NODES = 10_000


class Mark(Protocol):
    """A place as the parser tells it; counts from 0."""

    line: int
    column: int


class Event(Protocol):
    """One event of the parser, with what any of them may have; the style of a plain scalar is empty."""

    start_mark: Mark
    anchor: str | None
    tag: str | None
    value: str
    style: str | None
    version: tuple[int, int] | None


_SCALAR: type = ScalarEvent
_MAPPING_END: type = MappingEndEvent
_SEQUENCE_END: type = SequenceEndEvent


@dataclass(frozen=True, slots=True)
class _Anchored:
    value: object
    nodes: int


class Builder:
    """Builds one document's value; recursion is bounded by `MAX_DEPTH`."""

    def __init__(self, next_event: Callable[[], Event], file: str) -> None:
        self.places = Places()
        self._next_event = next_event
        self._file = file
        self._nodes = 0
        self._depth = 0
        self._aliases = 0
        self._aliased_nodes = 0
        self._anchors: dict[str, _Anchored] = {}
        self._builders: dict[type, Callable[[Event], object]] = {
            ScalarEvent: self._scalar,
            MappingStartEvent: self._mapping,
            SequenceStartEvent: self._sequence,
            AliasEvent: self._alias,
        }

    def build(self, event: Event) -> object:
        """The value that starts with this event; the events after it are taken up to its end.

        Raises:
            InvalidInput: a limit, a duplicate key, a key that is no text, a tag or an alias that is refused.
        """
        self.places.root = _place(event.start_mark)
        return self._node(event)

    def _node(self, event: Event) -> object:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self._refuse_limit(event, f"the document holds more than {MAX_NODES:,} values")
        return self._builders[type(event)](event)

    def _scalar(self, event: Event) -> object:
        if event.anchor is not None or event.tag is not None:
            return self._marked(event, self._plain_or_text)
        # The two lines that most values of most documents go through; `_plain_or_text` says the same.
        text = event.value
        return text if event.style or (text and text[0] not in FIRST_CHARACTERS) else self._plain_or_text(event)

    def _plain_or_text(self, event: Event) -> object:
        if event.style or event.tag is not None:
            return event.value
        try:
            return read_scalar(event.value)
        except InvalidInput as error:
            raise error.at(self._location(event.start_mark)) from None

    def _mapping(self, event: Event) -> object:
        if event.anchor is not None or event.tag is not None:
            return self._marked(event, self._plain_mapping)
        return self._plain_mapping(event)

    def _plain_mapping(self, start: Event) -> dict[str, object]:
        self._descend(start)
        found: dict[str, object] = {}
        places: list[Place] = []
        next_event = self._next_event
        while type(event := next_event()) is not _MAPPING_END:
            place = _place(event.start_mark)
            key = self._key(event)
            if key in found:
                self._refuse_duplicate(event, key, places[2 * list(found).index(key)])
            event = next_event()
            places += (place, _place(event.start_mark))
            found[key] = self._node(event)
            if len(found) > MAX_KEYS:
                self._refuse_limit(start, f"a mapping holds more than {MAX_KEYS:,} keys")
        self._ascend(found, places)
        return found

    def _sequence(self, event: Event) -> object:
        if event.anchor is not None or event.tag is not None:
            return self._marked(event, self._plain_sequence)
        return self._plain_sequence(event)

    def _plain_sequence(self, start: Event) -> list[object]:
        self._descend(start)
        found: list[object] = []
        places: list[Place] = []
        next_event = self._next_event
        while type(event := next_event()) is not _SEQUENCE_END:
            places.append(_place(event.start_mark))
            found.append(self._node(event))
        self._ascend(found, places)
        return found

    def _descend(self, event: Event) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._refuse_limit(event, f"values are nested more than {MAX_DEPTH} deep")

    def _ascend(self, found: Container, places: list[Place]) -> None:
        self._depth -= 1
        if places:
            self.places.add(found, places)

    def _key(self, event: Event) -> str:
        """A key, which is a name.

        AF-YAML-MERGE: `<<` takes over the keys of another mapping; that was in YAML 1.1, and is in YAML 1.2 no more.

        Example:
            flow: {id: report}
            jobs:
              - &first {id: first, steps: [{id: today, type: external.process, inputs: {command: [date]}}]}
              - {<<: *first, id: second}

        Mend: write the keys out; a whole value may still be named by an alias.
            flow: {id: report}
            jobs:
              - {id: first, steps: &steps [{id: today, type: external.process, inputs: {command: [date]}}]}
              - {id: second, steps: *steps}
        """
        value = self._node(event)
        if not isinstance(value, str):
            self._refuse_key(event, value)
        if value == "<<" and type(event) is _SCALAR and not event.style and event.tag is None:
            raise self._error(
                event,
                "AF-YAML-MERGE",
                "a merge key `<<` is no part of YAML 1.2",
                "write the keys out, or name the whole value by an alias",
            )
        return value

    def _marked(self, event: Event, build: Callable[[Event], object]) -> object:
        """A value with a tag or an anchor."""
        before = self._nodes + self._aliased_nodes
        value = self._tagged(event, build(event))
        if event.anchor is not None:
            nodes = self._nodes + self._aliased_nodes - before + 1
            self._anchors[event.anchor] = _Anchored(value, nodes)
        return value

    def _tagged(self, event: Event, value: object) -> object:
        if event.tag is None:
            return value
        where = self._location(event.start_mark)
        is_plain = type(event) is _SCALAR and not event.style
        return apply_tag(event.tag, value, where, is_plain=is_plain)

    def _alias(self, event: Event) -> object:
        """The value that the alias names.

        AF-YAML-ALIAS: an alias (`*name`) stands for a value that is marked `&name`, and there is none before it.

        Example:
            flow: {id: report}
            jobs:
              - {id: show, steps: [{id: today, type: external.process, inputs: {command: *command}}]}

        Mend: mark the value, above the alias, or write the value itself.
            - {id: show, steps: [{id: today, type: external.process, inputs: {command: [date]}}]}
        """
        anchored = self._anchors.get(event.anchor or "")
        if anchored is None:
            message = f"the alias *{event.anchor} stands for a value marked &{event.anchor}, and there is none above it"
            mend = f"write &{event.anchor} in front of the value that is meant; put a text that starts with * in quotes"
            raise self._error(event, "AF-YAML-ALIAS", message, mend)
        self._aliases += 1
        self._aliased_nodes += anchored.nodes
        if self._aliases > MAX_ALIASES:
            self._refuse_limit(event, f"the document holds more than {MAX_ALIASES} aliases")
        if self._aliased_nodes > MAX_ALIASED_NODES:
            self._refuse_limit(event, f"the document's aliases stand for more than {MAX_ALIASED_NODES:,} values")
        return anchored.value

    def _refuse_duplicate(self, event: Event, key: str, first: Place) -> NoReturn:
        """Both are told, with their lines.

        AF-YAML-DUPLICATE-KEY: a key stands twice in one mapping, so that one of the two values would get lost.

        Example:
            flow: {id: report}
            jobs:
              - id: show
                description: Today's date.
                description: What day it is.
                steps: [{id: today, type: external.process, inputs: {command: [date]}}]

        Mend: keep one of them.
            flow: {id: report}
            jobs:
              - id: show
                description: Today's date.
                steps: [{id: today, type: external.process, inputs: {command: [date]}}]
        """
        line, column = line_and_column(first)
        raise self._error(
            event,
            "AF-YAML-DUPLICATE-KEY",
            f"the key {shown(key)} stands twice in one mapping",
            f"it also stands at line {line}, column {column}: keep one of them",
        )

    def _refuse_key(self, event: Event, value: object) -> NoReturn:
        """Keys are names.

        AF-YAML-KEY: a key is no text but a number, a boolean, null, a list or a mapping.

        Example:
            flow: {id: report}
            jobs:
              - {id: show, steps: [{id: today, type: external.process, inputs: {command: [date], env: {1: one}}}]}

        Mend: write the key in quotes.
            - {id: show, steps: [{id: today, type: external.process, inputs: {command: [date], env: {"1": one}}}]}
        """
        if isinstance(value, Raw | dict | list):
            message, mend = "a key must be a plain text", "write a name; put a text in quotes that starts with { or ["
        else:
            message, mend = "a key must be text, not a number, a boolean or null", "write it in quotes"
        raise self._error(event, "AF-YAML-KEY", message, mend)

    def _refuse_limit(self, event: Event, message: str) -> NoReturn:
        """A hostile document costs no more than a flow does.

        AF-YAML-LIMIT: the document is bigger or deeper than any flow is, or a few aliases in it stand for very much.

        Example:
            flow: {id: report}
            params:
              ten: {type: list, default: &ten [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}
              more: {type: list, default: &more [*ten, *ten, *ten, *ten, *ten, *ten, *ten, *ten, *ten, *ten]}
              many: {type: list, default: &many [*more, *more, *more, *more, *more, *more, *more, *more, *more, *more]}
              most: {type: list, default: [*many, *many, *many, *many, *many, *many, *many, *many, *many, *many]}
            jobs:
              - {id: show, steps: [{id: today, type: external.process, inputs: {command: [date]}}]}

        Mend: keep data in a file of its own, and let a step read it.
        """
        raise self._error(event, "AF-YAML-LIMIT", message, "split the file, or keep data in files of its own")

    def _error(self, event: Event, code: str, message: str, mend: str) -> InvalidInput:
        return InvalidInput(message, code=code, help=mend, where=self._location(event.start_mark))

    def _location(self, mark: Mark) -> Location:
        return Location(self._file, mark.line + 1, mark.column + 1)


def _place(mark: Mark) -> Place:
    return mark.line << 32 | mark.column
