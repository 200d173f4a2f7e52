"""Events as lines of a log: text for people, JSON for machines; one event a line and nothing else."""

from __future__ import annotations

import json
import threading
import time
from functools import cache, lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Protocol

from ..contracts.events import (
    Event,
    ItemEnded,
    ItemStarted,
    JobEnded,
    JobStarted,
    OccurrenceEnded,
    RunEnded,
    SchedulerLogged,
    Status,
    StepEnded,
    StepLogged,
    StepProgressed,
    StepRetried,
    StepStarted,
)
from ..quick_dataclasses import field_names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}
_JSON = json.JSONEncoder(ensure_ascii=True, default=str)
_PROGRESS_SECONDS = 10.0
#: What no line for people holds, and is large where a flow is.
_MACHINES_ONLY = "jobs"
_TOLD_ELSEWHERE = frozenset({"at", "level", "flow_id", "run_id"})
#: Types of values that are JSON values as they are.
_PLAIN = frozenset({str, int, float, bool, type(None), Status})
#: A value of one of these types says something even where it is zero or false.
_ALWAYS_SAY_SOMETHING = frozenset({int, float, bool, tuple})
_ENDINGS = frozenset({StepEnded, ItemEnded, JobEnded, RunEnded})
#: What became of an occurrence; whatever else did is a warning.
_LEVELS_OF_OCCURRENCES = {"SUCCESS": "INFO", "SKIPPED": "INFO", "FAILED": "ERROR", "TIMED_OUT": "ERROR"}
#: Events of ids and other words alone, where they give no reason.
_OF_WORDS = frozenset({JobStarted, StepStarted, ItemStarted, StepEnded, ItemEnded, JobEnded})
#: How many lines are held back at most where more are said to follow.
_MOST_HELD = 64
#: How long the end of the log waits for a thread that shows something, in seconds.
_LAST_WAIT = 0.5
#: How many words are remembered as they are shown, and of which length.
_WORDS, _SHORT = 4096, 64


class Redact(Protocol):
    """Takes secrets out of what is shown."""

    @property
    def knows_secrets(self) -> bool:
        """Whether there is anything to take out."""

    def redact(self, text: str) -> str:
        """The text, without secrets."""

    def redact_value(self, value: Any) -> Any:  # noqa: ANN401 - any JSON value
        """The value, its texts without secrets."""


class TextStream(Protocol):
    """Where lines go."""

    def write(self, text: str, /) -> object:
        """Take a text."""

    def flush(self) -> None:
        """Hold nothing back."""


class LineLog:
    """A log of one line an event on a text stream; safe to use from several threads."""

    def __init__(self, stream: TextStream, *, redactor: Redact, level: str, as_json: bool) -> None:
        self._stream = stream
        self._redactor = redactor
        self._least = LEVELS[level]
        self._is_for_machines = as_json
        self._format = _as_json if as_json else _as_text
        self._format_words = _words_as_json if as_json else _words_as_text
        self._last_progress: dict[tuple[str, str], float] = {}
        self._guard = threading.Lock()
        self._is_lost = False
        #: Lines that are shown with those that follow at once; null where each is shown as it comes.
        self._held: list[str] | None = None

    def handle(self, event: Event) -> None:
        """Write one event."""
        if type(event) is StepProgressed and not self._is_due(event):
            return
        level = level_of(event)
        if LEVELS[level] < self._least:
            return
        if _is_of_words(event) and not self._redactor.knows_secrets:
            self._append(self._format_words(level, event))
            return
        values = _fields_of(event)
        if not self._is_for_machines:
            values.pop(_MACHINES_ONLY, None)
        self.write(level, event.name, event.at, values)

    def write(self, level: str, name: str, at: float, values: Mapping[str, object]) -> None:
        """Write one line; whatever stands in the values, it stays one line and holds no secret."""
        shown = plain_values(values)
        if self._redactor.knows_secrets:
            # The values first: a secret that is escaped to fit the line has a form of its own.
            shown = self._redactor.redact_value(shown)
            line = self._redactor.redact(self._format(level, name, at, shown))
        else:
            line = self._format(level, name, at, shown)
        self._append(line)

    def _append(self, line: str) -> None:
        with self._guard:
            if self._held is None:
                self._show(line + "\n")
                return
            self._held.append(line + "\n")
            if len(self._held) == _MOST_HELD:
                self._show("".join(self._held))
                self._held.clear()

    def hold(self) -> None:
        """More lines follow at once: they may be shown together."""
        with self._guard:
            self._held = self._held or []

    def rest(self) -> None:
        """Show what was held back, and from now on each line as it comes."""
        with self._guard:
            self._show_held()

    def _show_held(self) -> None:
        held, self._held = self._held, None
        if held:
            self._show("".join(held))

    def _show(self, text: str) -> None:
        if self._is_lost:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except (BrokenPipeError, ValueError):
            # Closed, or its reader went away: what is told to nobody must not end the run.
            self._is_lost = True
        except OSError:
            # Full, most likely. Later lines are tried again: the one that says why the run failed may find room.
            return

    def close(self) -> None:
        """Show what was held back, unless a thread hangs where it shows something; the stream is the process's."""
        if self._guard.acquire(timeout=_LAST_WAIT):
            try:
                self._show_held()
            finally:
                self._guard.release()

    def _is_due(self, event: StepProgressed) -> bool:
        key = (event.job_id, event.step_id)
        if event.at - self._last_progress.get(key, 0.0) < _PROGRESS_SECONDS and event.done != event.total:
            return False
        self._last_progress[key] = event.at
        return True


def plain_values(values: Mapping[str, object]) -> Mapping[str, object]:
    """Whatever a plugin gave as JSON values: its objects as their texts."""
    if _PLAIN.issuperset(map(type, values.values())):
        return values
    try:
        return dict(json.loads(json.dumps(values, default=str, skipkeys=True)))
    except Exception as error:  # noqa: BLE001 - objects of plugins may fail in any way when they are shown
        return {"message": f"an entry that can't be shown: {type(error).__name__}"}


def level_of(event: Event) -> str:
    """How much an event matters."""
    if type(event) in _ENDINGS:
        status: Status = event.status  # type: ignore[attr-defined] # each of these has one
        if status.is_done:
            return "INFO"
        return "WARNING" if status is Status.BLOCKED else "ERROR"
    if isinstance(event, StepLogged | SchedulerLogged):
        return event.level
    if isinstance(event, OccurrenceEnded):
        return _LEVELS_OF_OCCURRENCES.get(event.status, "WARNING")
    return "WARNING" if isinstance(event, StepRetried) else "INFO"


def _fields_of(event: Event) -> dict[str, object]:
    """What an event tells, the run it belongs to last; what is empty is left out."""
    kind: Any = type(event)
    names, values_of = _told_by(kind)
    told = zip(names, values_of(event), strict=True)
    return {name: value for name, value in told if _says_something(value)}


@cache
def _told_by(kind: type[Event]) -> tuple[tuple[str, ...], Callable[[Event], tuple[object, ...]]]:
    """The names of what a kind of event tells, and what takes the values from one."""
    names = (*(name for name in field_names(kind) if name not in _TOLD_ELSEWHERE), "flow_id", "run_id")
    return names, attrgetter(*names)


def _is_of_words(event: Event) -> bool:
    return type(event) in _OF_WORDS and not getattr(event, "reason", "")


def _words_as_text(level: str, event: Event) -> str:
    """The line of an event of words, which is the most of what a log holds: each word is turned into text once."""
    kind: Any = type(event)
    names, values_of = _told_by(kind)
    told = " ".join(filter(None, map(_word, names, values_of(event))))
    return f"{_moment(event.at)} {level:<7} {event.name} {told}"


@lru_cache(maxsize=_WORDS, typed=True)
def _word(name: str, value: object) -> str:
    return f"{name}={_shown(value)}" if _says_something(value) else ""


def _words_as_json(level: str, event: Event) -> str:
    """The same as an object of JSON."""
    kind: Any = type(event)
    names, values_of = _told_by(kind)
    told = "".join(map(_json_word, names, values_of(event)))
    return f'{{"ts_ms": {int(event.at * 1000)}, "level": "{level}", "event": "{event.name}"{told}}}'


@lru_cache(maxsize=_WORDS, typed=True)
def _json_word(name: str, value: object) -> str:
    return f', "{name}": {_JSON.encode(value)}' if _says_something(value) else ""


def _says_something(value: object) -> bool:
    return bool(value) or type(value) in _ALWAYS_SAY_SOMETHING


def _as_json(level: str, name: str, at: float, values: Mapping[str, object]) -> str:
    # A step's own fields stay in a mapping of their own: they can't forge the line's.
    return _JSON.encode({"ts_ms": int(at * 1000), "level": level, "event": name, **values})


def _as_text(level: str, name: str, at: float, values: Mapping[str, object]) -> str:
    told = " ".join([f"{key}={_shown(value)}" for key, value in values.items() if key != "fields"])
    own = values.get("fields")
    if isinstance(own, dict):
        # A step's own keys are text from outside, as its values are.
        told += "".join([f" {one_line(key)}={_shown(value)}" for key, value in own.items()])
    return f"{_moment(at)} {level:<7} {name} {told}"


def _moment(at: float) -> str:
    return f"{_second(int(at))}.{int(at * 1000) % 1000:03d}"


@lru_cache(maxsize=4)
def _second(at: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))


def _shown(value: object) -> str:
    kind = type(value)
    if kind is int:
        return str(value)
    if kind is bool:
        return "true" if value else "false"
    return _short_text(value) if isinstance(value, str) and len(value) <= _SHORT else _text_of(value)


@lru_cache(maxsize=_WORDS)
def _short_text(text: str) -> str:
    """Ids and words come again in every other line."""
    return _text_of(text)


def _text_of(value: object) -> str:
    text = one_line(value if type(value) is str else _plain(value))
    is_word = text and " " not in text and '"' not in text and "=" not in text
    return text if is_word else '"' + text.replace('"', '\\"') + '"'


def _plain(value: object) -> str:
    if isinstance(value, str):
        return str.__str__(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def one_line(text: str) -> str:
    """The text with everything escaped that a terminal or a log reader would take for more than text."""
    return text if text.isascii() and text.isprintable() else "".join(map(_visible, text))


def _visible(character: str) -> str:
    # Unprintable covers controls, line and paragraph separators, bidirectional marks and lone surrogates.
    return character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
