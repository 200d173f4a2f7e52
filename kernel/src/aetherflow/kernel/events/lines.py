"""Events as lines of a log: text for people, JSON for machines; one event a line and nothing else."""

from __future__ import annotations

import json
import threading
import time
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from ..contracts.events import (
    Event,
    ItemEnded,
    JobEnded,
    RunEnded,
    Status,
    StepEnded,
    StepLogged,
    StepProgressed,
    StepRetried,
)
from ..quick_dataclasses import field_names

if TYPE_CHECKING:
    from collections.abc import Mapping

LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}
_PROGRESS_SECONDS = 10.0
#: Texts that are not longer are remembered as they are shown.
_SHORT = 64
#: What no line for people holds.
_MACHINES_ONLY = frozenset({"jobs", "fields"})
_TOLD_ELSEWHERE = frozenset({"at", "level", "flow_id", "run_id"})
#: Types of values that are JSON values as they are.
_PLAIN = frozenset({str, int, float, bool, type(None), Status})


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
        self._format = _as_json if as_json else _as_text
        self._last_progress: dict[tuple[str, str], float] = {}
        self._guard = threading.Lock()
        self._is_lost = False

    def handle(self, event: Event) -> None:
        """Write one event."""
        if isinstance(event, StepProgressed) and not self._is_due(event):
            return
        level = level_of(event)
        if LEVELS[level] >= self._least:
            self.write(level, event.name, event.at, _fields_of(event))

    def write(self, level: str, name: str, at: float, values: Mapping[str, object]) -> None:
        """Write one line; whatever stands in the values, it stays one line and holds no secret."""
        shown = plain_values(values)
        if self._redactor.knows_secrets:
            # The values first: a secret that is escaped to fit the line has a form of its own.
            shown = self._redactor.redact_value(shown)
            line = self._redactor.redact(self._format(level, name, at, shown))
        else:
            line = self._format(level, name, at, shown)
        with self._guard:
            if not self._is_lost:
                self._append(line)

    def _append(self, line: str) -> None:
        try:
            self._stream.write(line + "\n")
            self._stream.flush()
        except (BrokenPipeError, ValueError):
            # Closed, or its reader went away: what is told to nobody must not end the run.
            self._is_lost = True
        except OSError:
            # Full, most likely. Later lines are tried again: the one that says why the run failed may find room.
            return

    def close(self) -> None:
        """Nothing to let go of: the stream belongs to the process."""

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
    if isinstance(event, StepEnded | ItemEnded | JobEnded | RunEnded):
        if event.status.is_done:
            return "INFO"
        return "WARNING" if event.status is Status.BLOCKED else "ERROR"
    if isinstance(event, StepLogged):
        return event.level
    return "WARNING" if isinstance(event, StepRetried) else "INFO"


def _fields_of(event: Event) -> dict[str, object]:
    """What an event tells, the run it belongs to last; what is empty is left out."""
    told: dict[str, object] = {}
    kind: Any = type(event)
    for name in _names_told(kind):
        value = getattr(event, name)
        if value or not (value is None or type(value) is str or type(value) is dict):
            told[name] = value
    return told


@cache
def _names_told(kind: type[Event]) -> tuple[str, ...]:
    return (*(name for name in field_names(kind) if name not in _TOLD_ELSEWHERE), "flow_id", "run_id")


def _as_json(level: str, name: str, at: float, values: Mapping[str, object]) -> str:
    # A step's own fields stay in a mapping of their own: they can't forge the line's.
    line = {"ts_ms": int(at * 1000), "level": level, "event": name, **values}
    return json.dumps(line, ensure_ascii=True, default=str)


def _as_text(level: str, name: str, at: float, values: Mapping[str, object]) -> str:
    moment = _second(int(at))
    told = " ".join([f"{key}={_shown(value)}" for key, value in values.items() if key not in _MACHINES_ONLY])
    own = values.get("fields")
    if isinstance(own, dict):
        # A step's own keys are text from outside, as its values are.
        told += "".join([f" {one_line(key)}={_shown(value)}" for key, value in own.items()])
    return f"{moment}.{int(at * 1000) % 1000:03d} {level:<7} {name} {told}"


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


@lru_cache(maxsize=4096)
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
