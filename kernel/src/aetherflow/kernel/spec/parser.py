"""The parser's part of reading a document: its events, its errors, and what a document may begin with."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

import yaml
from yaml.events import DocumentStartEvent, StreamEndEvent

from ..errors import InvalidInput, Location
from .builder import Builder, Event, Mark
from .places import Places

#: Directives are compared with each other one by one: more than a few are an attack, not a document.
MAX_DIRECTIVES = 16

_VERSION = (1, 2)
_STREAM_END: type = StreamEndEvent
_DOCUMENT_START: type = DocumentStartEvent
_NO_YAML = "this is no YAML"


def parse(text: bytes, file: str) -> tuple[object, Places]:
    """The value of a text's one document, and the places of its parts; an empty text is null.

    AF-YAML-DOCUMENTS: a line `---` begins a second document, and a file holds one flow.

    Example:
        flow: {id: report}
        jobs:
          - {id: show, steps: [{id: today, type: external.process, inputs: {command: [date]}}]}
        ---
        flow: {id: another}

    Mend: write the second flow into a file of its own.
        flow: {id: report}
        jobs:
          - {id: show, steps: [{id: today, type: external.process, inputs: {command: [date]}}]}

    AF-YAML-SYNTAX: this is no YAML; the words are those of the YAML parser.

    Example:
        flow: {id: report}
        jobs:
          - id: show
            description: Orders: what each customer bought
            steps: [{id: today, type: external.process, inputs: {command: [date]}}]

    Mend: look at the place that is told, and above it: text with `: ` in it belongs in quotes, brackets and quotes are
    closed, and what belongs together is indented alike.
        description: "Orders: what each customer bought"

    AF-YAML-VERSION: the file asks for a version of YAML in which `no` is a boolean and `022` is 18.

    Example:
        %YAML 1.1
        ---
        flow: {id: report}
        jobs:
          - {id: show, steps: [{id: today, type: external.process, inputs: {command: [date]}}]}

    Mend: leave the first line out, and write `true` and `false`.
        flow: {id: report}
        jobs:
          - {id: show, steps: [{id: today, type: external.process, inputs: {command: [date]}}]}

    Raises:
        InvalidInput: it is no YAML, or oversteps what AetherFlow reads; says where.
    """
    if text.count(b"\n%") + text.startswith(b"%") > MAX_DIRECTIVES:
        message = f"the document has more than {MAX_DIRECTIVES} directives"
        raise InvalidInput(message, code="AF-YAML-LIMIT", help="leave them out", where=Location(file, 1, 1))
    try:
        with _collector_paused():
            return _build(_event_source(text), file)
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, file) from None
    except yaml.YAMLError:
        raise InvalidInput(_NO_YAML, code="AF-YAML-SYNTAX", where=Location(file, 1, 1)) from None


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Thousands of young containers make the collector run again and again, and find nothing."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _event_source(text: bytes) -> Callable[[], Event]:
    """What gives the parser's next event: libyaml's where PyYAML was built with it."""
    try:
        from yaml._yaml import CParser
    except ImportError:
        return cast("Callable[[], Event]", yaml.SafeLoader(text.decode("utf-8")).get_event)
    return cast("Callable[[], Event]", CParser(text).get_event)


def _build(next_event: Callable[[], Event], file: str) -> tuple[object, Places]:
    builder = Builder(next_event, file)
    next_event()  # the start of the stream
    start = next_event()
    if type(start) is _STREAM_END:
        return None, builder.places
    if start.version is not None and tuple(start.version) != _VERSION:
        raise _wrong_version(start.start_mark, file)
    value = builder.build(next_event())
    next_event()  # the end of the document
    more = next_event()
    if type(more) is _DOCUMENT_START:
        raise InvalidInput(
            "a second document starts here",
            code="AF-YAML-DOCUMENTS",
            help="keep one document in one file: remove the line ---, or move what follows",
            where=_location(more.start_mark, file),
        )
    return value, builder.places


def _syntax_error(error: yaml.MarkedYAMLError, file: str) -> InvalidInput:
    problem = error.problem or _NO_YAML
    if "incompatible" in problem:
        return _wrong_version(error.problem_mark, file)
    context = f" {error.context}" if error.context else ""
    began = f" (began at line {error.context_mark.line + 1})" if error.context_mark else ""
    return InvalidInput(
        f"{problem}{context}{began}",
        code="AF-YAML-SYNTAX",
        help=next((mend for words, mend in _MENDS.items() if words in problem), ""),
        where=_location(_fault_mark(error), file),
    )


def _fault_mark(error: yaml.MarkedYAMLError) -> Mark | None:
    """Where the mistake is: a key without its colon, and quotes that are not closed, are noticed further down only."""
    is_late = "could not find expected ':'" in (error.problem or "") or "quoted scalar" in (error.context or "")
    return (is_late and error.context_mark) or error.problem_mark or error.context_mark


#: What usually lies behind the parser's own words.
_MENDS = {
    "cannot start any token": "indent with blanks, not tabs; put a text in quotes that starts with @, ` or %",
    "mapping values are not allowed": "put a text in quotes that holds ': '",
    "did not find expected key": "check the indentation, and that quotes are closed",
    "did not find expected '-' indicator": "check the indentation of the list",
    "could not find expected ':'": "write a blank after the colon, and close quotes",
    "did not find expected ',' or": "close the bracket, or put a comma between the items",
    "unexpected end of stream": "close the quotes",
    "found a tab character": "indent with blanks, not tabs",
    "unknown escape character": "put a text with backslashes in single quotes, or write two of them",
    "did not find expected alphabetic": "put a text in quotes that starts with * or &",
}


def _wrong_version(mark: Mark | None, file: str) -> InvalidInput:
    return InvalidInput(
        "only YAML 1.2 is read here",
        code="AF-YAML-VERSION",
        help="leave the %YAML line out: `yes`, `no`, `on` and `off` are text, `022` is 22",
        where=_location(mark, file),
    )


def _location(mark: Mark | None, file: str) -> Location:
    return Location(file, mark.line + 1, mark.column + 1) if mark else Location(file, 1, 1)
