"""The forms in which a secret can turn up in a text: quoted, escaped and encoded as programs do it."""

from __future__ import annotations

import base64
import html
import json
import re
import shlex
import urllib.parse
from collections.abc import Callable, Iterator

from ..contracts.secrets import MIN_LENGTH

_SHELL_SPECIAL = re.compile(r'([\\$"`])')
_ESCAPE_IN_URL = re.compile(r"%[0-9A-F]{2}")
#: What JavaScript's `encodeURIComponent` leaves as it is.
_JAVASCRIPT_SAFE = "!'()*~"


def forms_of(value: str) -> set[str]:
    """The value, without blanks around it, on one line, each longer line of it; all of these wrapped, up to twice."""
    bare = {
        value,
        value.strip(),
        " ".join(value.split()),
        *(line.strip() for line in value.splitlines() if len(line.strip()) >= MIN_LENGTH),
    }
    once = {form for text in bare for form in _wrapped(text)}
    # What is encoded has nothing left that a second wrapping would change.
    twice = {wrap(form) for form in once for wrap in _ESCAPING}
    encoded = {form for text in bare for form in _encoded(text)}
    return {form for form in bare | once | twice | encoded if form}


def _wrapped(text: str) -> Iterator[str]:
    yield text
    for wrap in _ESCAPING:
        yield wrap(text)
    for safe in ("", "/", _JAVASCRIPT_SAFE):
        quoted = urllib.parse.quote(text, safe=safe, errors="surrogatepass")
        yield from (quoted, _ESCAPE_IN_URL.sub(lambda found: found.group().lower(), quoted))
    yield urllib.parse.quote_plus(text, errors="surrogatepass")


def _encoded(text: str) -> Iterator[str]:
    data = text.encode(errors="surrogatepass")
    yield from (data.hex(), data.hex().upper())
    for shift in range(3):
        piece = _inner_base64(data, shift)
        if len(piece) >= MIN_LENGTH:
            yield from (piece, piece.replace("+", "-").replace("/", "_"))


def _inner_base64(data: bytes, shift: int) -> str:
    """The characters that are the same whatever stands around the data; `shift` bytes stand in front of it."""
    encoded = base64.b64encode(bytes(shift) + data).decode()
    first = -(-shift * 8 // 6)
    last = (shift + len(data)) * 8 // 6
    return encoded[first:last]


def _json(text: str) -> str:
    return json.dumps(text)[1:-1]


def _json_unicode(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _repr(text: str) -> str:
    # A double quote in front makes Python choose single quotes, and leave these as they are only where none is inside.
    return repr('"' + text)[2:-1].replace("\\'", "'")


def _repr_escaped(text: str) -> str:
    return repr("'\"" + text)[4:-1]


def _bytes_repr(text: str) -> str:
    return repr(b'"' + text.encode(errors="surrogatepass"))[3:-1].replace("\\'", "'")


def _bytes_repr_escaped(text: str) -> str:
    return repr(b"'\"" + text.encode(errors="surrogatepass"))[5:-1]


def _html_decimal(text: str) -> str:
    return html.escape(text).replace("&#x27;", "&#39;").replace("&quot;", "&#34;")


_ESCAPING: tuple[Callable[[str], str], ...] = (
    _json,
    _json_unicode,
    _repr,
    _repr_escaped,
    _bytes_repr,
    _bytes_repr_escaped,
    html.escape,
    lambda text: html.escape(text, quote=False),
    _html_decimal,
    lambda text: shlex.quote(text).removeprefix("'").removesuffix("'"),
    lambda text: text.replace("'", "'\\''"),
    lambda text: _SHELL_SPECIAL.sub(r"\\\1", text),
    lambda text: text.replace("'", "''"),
    lambda text: text.replace('"', '""'),
    lambda text: text.replace("\n", "\r\n"),
)
