"""The fields of a manifest, each read with the one rule that it has to follow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from keyword import iskeyword
from typing import Any

from ..contracts.effects import Effect
from ..contracts.spelling import did_you_mean

STEP_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,126}[A-Za-z0-9_])?")
WORD = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9_])?")
COMMAND_NAME = re.compile(r"[a-z](?:[a-z0-9-]{0,62}[a-z0-9])?")
PARAMETER_NAME = re.compile(r"[a-z](?:[a-z0-9_]{0,62}[a-z0-9])?")
METAVAR = re.compile(r"[A-Za-z0-9_.:=|-]{1,64}")
#: Options that every command has, and the keyword of the context.
TAKEN_PARAMETERS = frozenset({"as_json", "context", "help", "json", "profile"})
_TARGET = re.compile(r"(?P<module>[^\W\d]\w*(?:\.[^\W\d]\w*)*):[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_OUTPUTS_FROM = re.compile(r"inputs\.[A-Za-z_]\w*")


class BadManifest(ValueError):
    """A manifest that can't be used; the message says why."""


class Fields:
    """One object of a manifest, and where it stands."""

    def __init__(self, data: object, place: str, *, known: Sequence[str]) -> None:
        if not isinstance(data, dict):
            raise BadManifest(f"{place or 'it'} must be an object")
        self.data: Mapping[str, Any] = data
        self.place = place
        for key in data:
            if key not in known:
                raise self.wrong(key, f"is not known here: {did_you_mean(key, known)}")

    def wrong(self, key: str, why: str) -> BadManifest:
        """The error that one of the fields is wrong."""
        return BadManifest(f"'{self.place}{'.' if self.place else ''}{key}' {why}")

    def text(self, key: str, *, default: str | None = None) -> str:
        """A text; must be there unless a default is given."""
        value = self.data.get(key, default)
        if not isinstance(value, str) or (default is None and not value):
            raise self.wrong(key, "must be text")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; none where the key is not there."""
        values = self.data.get(key, [])
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise self.wrong(key, "must be a list of texts")
        return tuple(values)

    def objects(self, key: str, *, known: Sequence[str]) -> Iterator[Fields]:
        """A list of objects; none where the key is not there."""
        values = self.data.get(key, [])
        if not isinstance(values, list):
            raise self.wrong(key, "must be a list")
        for number, value in enumerate(values):
            yield Fields(value, f"{self.place}{'.' if self.place else ''}{key}[{number}]", known=known)

    def choice(self, key: str, known: Sequence[str], *, default: str | None = None) -> str:
        """One of the words known."""
        value = self.text(key, default=default)
        if value not in known:
            raise self.wrong(key, f"is {value!r}: {did_you_mean(value, known)}")
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false."""
        value = self.data.get(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key, "must be true or false")
        return value

    def effects(self, key: str) -> frozenset[str]:
        """Names of effects."""
        known = [effect.value for effect in Effect]
        for value in (values := self.texts(key)):
            if value not in known:
                raise self.wrong(key, f"holds {value!r}: {did_you_mean(value, known)}")
        return frozenset(values)

    def step_name(self, key: str) -> str:
        """The name of a step."""
        return self._matching(key, STEP_NAME, "must be a step's name: letters, digits, '_', '-' and dots inside")

    def word(self, key: str) -> str:
        """A connector's kind or driver."""
        return self._matching(key, WORD, "must be a name: letters, digits, '_', '-' and dots inside")

    def command_name(self, key: str) -> str:
        """The name of a command."""
        return self._matching(key, COMMAND_NAME, "must be a command's name: small letters, digits and '-' inside")

    def parameter_name(self, key: str) -> str:
        """The name of a command's parameter."""
        name = self._matching(key, PARAMETER_NAME, "must be a name: small letters, digits and '_' inside")
        if name in TAKEN_PARAMETERS or iskeyword(name):
            raise self.wrong(key, f"is {name!r}, which is taken")
        return name

    def metavar(self, key: str) -> str | None:
        """What stands for a value in the help; null where the key is not there."""
        return self._matching(key, METAVAR, "must be one word") if key in self.data else None

    def target(self, key: str, *, anchor: str) -> str:
        """An import target inside the plugin's package."""
        value = self._matching(key, _TARGET, "must say module:attribute")
        module = value.partition(":")[0]
        if module != anchor and not module.startswith(f"{anchor}."):
            raise self.wrong(key, f"must lie inside the package {anchor}")
        return value

    def schema(self, key: str) -> Mapping[str, Any]:
        """A JSON Schema of an object."""
        value = self.data.get(key)
        if not isinstance(value, dict) or value.get("type") != "object":
            raise self.wrong(key, 'must be a JSON Schema with "type": "object"')
        return value

    def outputs_from(self, key: str) -> Mapping[str, str] | None:
        """What a step's outputs depend on; null where on nothing."""
        value = self.data.get(key)
        if value is None:
            return None
        if isinstance(value, dict) and len(value) == 1:
            ((how, what),) = value.items()
            if how in {"step", "keys_of"} and isinstance(what, str) and _OUTPUTS_FROM.fullmatch(what):
                return {how: what}
        raise self.wrong(key, 'must be null, {"step": "inputs.x"} or {"keys_of": "inputs.x"}')

    def _matching(self, key: str, pattern: re.Pattern[str], why: str) -> str:
        value = self.text(key)
        if not pattern.fullmatch(value):
            raise self.wrong(key, why)
        return value
