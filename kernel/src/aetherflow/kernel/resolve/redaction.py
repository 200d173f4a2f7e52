"""The one filter in front of every sink: secrets are known before their first use, and masked in any usual form.

It is no guarantee: what is compressed, encrypted or cut into pieces is not recognised.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from ..contracts.secrets import MIN_LENGTH, Secret

if TYPE_CHECKING:
    from .search import Search, Span

MASK = "***"
#: Environment keys with one of these words in them hold secrets.
SECRET_WORDS = ("PASSWORD", "TOKEN", "SECRET", "KEY")
#: A declared secret may be this short; what is only taken for one needs `MIN_LENGTH` characters.
MIN_DECLARED_LENGTH = 4
#: What is looked for inside a secret that is a JSON text: so many levels, and so many texts of the outer ones first.
_DEEPEST, _MOST_INNER_TEXTS = 64, 1_000
#: These name where secrets come from, and are none.
_HARMLESS_KEYS = frozenset({"AETHERFLOW_SECRETS_MODULE", "AETHERFLOW_SECRETS_PATH"})


_SCALARS = frozenset({str, int, float, bool, type(None)})


def is_secret_key(key: str) -> bool:
    """Whether the value of this environment key is a secret, going by its name."""
    return key not in _HARMLESS_KEYS and any(word in key.upper() for word in SECRET_WORDS)


class Redactor:
    """Knows secrets, and masks them. May be used by many threads; what was added is masked from then on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: set[str] = set()
        self._forms: set[str] = set()
        self._search: Search | None = None

    def add(self, value: object) -> None:
        """A declared secret: a text or number of at least 4 characters, or all that a list or a mapping holds.

        Shorter ones can't be told from ordinary text: they are not masked.
        """
        self._add(_leaves(value), MIN_DECLARED_LENGTH)

    def add_environment(self, values: Mapping[str, str]) -> None:
        """The values of the keys that are named like secrets, with what is secret inside of them.

        Each of them needs at least 8 characters.
        """
        secrets = [value for key, value in values.items() if is_secret_key(key)]
        self._add([text for value in secrets for text in _leaves(value)], MIN_LENGTH)

    @property
    def knows_secrets(self) -> bool:
        """Whether there is anything to mask."""
        return bool(self._forms)

    def redact(self, text: str) -> str:
        """The text with every secret in it masked; do it before a text is shortened."""
        if not self._forms:
            return text
        spans = self._current().spans(text)
        return _masked(text, spans) if spans else text

    def redact_value(self, value: Any) -> Any:  # noqa: ANN401 - the same JSON value
        """A JSON value with its texts masked, keys too; a number that is a secret becomes the mask."""
        if not self._forms:
            return _without_secrets(value)
        if isinstance(value, str):
            return self.redact(value)
        if isinstance(value, Mapping):
            return {self.redact_value(key): self.redact_value(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.redact_value(item) for item in value]
        if isinstance(value, Secret):
            return MASK
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return MASK if is_number and self._is_known(repr(value)) else value

    def _is_known(self, text: str) -> bool:
        with self._lock:
            return text in self._values

    def _add(self, values: list[str], shortest: int) -> None:
        if not values:
            return
        from .wrapped_forms import forms_of

        with self._lock:
            for value in values:
                if len(value.strip()) >= shortest and value not in self._values:
                    self._values.add(value)
                    self._forms |= {form for form in forms_of(value) if len(form) >= shortest}
                    self._search = None

    def _current(self) -> Search:
        """The search for all that is known; built when it is first needed after something was added."""
        search = self._search
        if search is not None:
            return search
        from .search import Search

        with self._lock:
            if self._search is None:
                self._search = Search(self._forms)
            return self._search


def _without_secrets(value: Any) -> Any:  # noqa: ANN401 - the same JSON value
    """A JSON value as it is, where no secret is known that could stand in it but one that is declared as such."""
    if isinstance(value, Mapping):
        return {key: _without_secrets(item) if type(item) not in _SCALARS else item for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_secrets(item) for item in value]
    return MASK if isinstance(value, Secret) else value


def _masked(text: str, spans: list[Span]) -> str:
    pieces: list[str] = []
    done = 0
    for start, end in spans:
        pieces.extend((text[done:start], MASK))
        done = end
    return "".join([*pieces, text[done:]])


def _leaves(value: object) -> list[str]:
    """The texts that are secret when a value is."""
    if isinstance(value, Secret):
        return _leaves(value.reveal())
    if isinstance(value, str):
        return [value, *_inner_texts(value)]
    if isinstance(value, Mapping):
        return [text for item in value.values() for text in _leaves(item)]
    if isinstance(value, list | tuple):
        return [text for item in value for text in _leaves(item)]
    return [repr(value)] if isinstance(value, int | float) and not isinstance(value, bool) else []


def _inner_texts(text: str) -> list[str]:
    """What is secret on its own in a secret text: the leaves of a JSON document, the password of a URL."""
    document = _json_document(text)
    if document is None:
        return passwords_of(text)
    found: dict[str, None] = {}
    level: list[object] = [document]
    for _ in range(_DEEPEST):
        below: list[object] = []
        for value in level:
            texts, inner = _opened(value)
            found.update(dict.fromkeys(leaf for leaf in texts if len(leaf.strip()) >= MIN_LENGTH))
            below.extend(inner)
        level = below
        if not level or len(found) >= _MOST_INNER_TEXTS:
            break
    return list(islice(found, _MOST_INNER_TEXTS))


def _opened(value: object) -> tuple[list[str], Iterable[object]]:
    """The secret texts that a value of a JSON document is, and the values one level further in."""
    if isinstance(value, dict):
        return [], value.values()
    if isinstance(value, list):
        return [], value
    if not isinstance(value, str):
        return _leaves(value), ()
    document = _json_document(value)
    return ([value, *passwords_of(value)], ()) if document is None else ([value], (document,))


def _json_document(text: str) -> object:
    """The list or the object that a text is in JSON; null where it is none."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def passwords_of(text: str) -> list[str]:
    """The password that a URL carries, as it is written and as it is meant."""
    if "://" not in text or "@" not in text:
        return []
    try:
        password = urlsplit(text).password
    except ValueError:
        return []
    return [password, unquote(password)] if password else []
