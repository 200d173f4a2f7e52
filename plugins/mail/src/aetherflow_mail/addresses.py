"""Addresses of people: read by strict rules, so that none can bring another header or another recipient."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .faults import Failure, is_unsafe, shown

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
#: RFC 5321 without what servers refuse anyway: quoted local parts, addresses in brackets.
_MAILBOX = re.compile(rf"(?P<local>{_ATOM}(?:\.{_ATOM})*)@(?P<domain>{_LABEL}(?:\.{_LABEL})*)")
_LONGEST_LOCAL_PART = 64
_LONGEST_MAILBOX = 254
_LONGEST_NAME = 250
#: `Name <mailbox>` or `"Name" <mailbox>`; the name may be missing.
_NAMED = re.compile(r'(?:"(?P<quoted>(?:[^"\\]|\\["\\])*)"|(?P<plain>[^"\\<>@,;:()\[\]]*?)) *<(?P<mailbox>[^<>]*)>')
#: What stands between two commas; commas inside quotes belong to a name.
_ENTRY = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^",])*')
_FORM = "write ada@example.com or Ada Lovelace <ada@example.com>; a name with special characters in double quotes"


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox, with the name of whom it belongs to where that is known."""

    mailbox: str
    name: str = ""

    @property
    def domain(self) -> str:
        """The part after the @, in small letters."""
        return self.mailbox.rpartition("@")[2].lower()


def split_addresses(given: str | Sequence[str] | None) -> tuple[str, ...]:
    """The addresses of a text in which commas stand between them; each item of a list is one address already.

    Raises:
        Failure: the text has an unclosed quote.
    """
    if not isinstance(given, str):
        return tuple(given or ())
    if not given.strip():
        return ()
    entries: list[str] = []
    position = 0
    while True:
        match = _ENTRY.match(given, position)
        end = match.end() if match else position
        if end < len(given) and given[end] != ",":
            raise _no_address(given, "a double quote is not closed")
        entries.append(given[position:end].strip())
        if end == len(given):
            return tuple(entries)
        position = end + 1


def parse_addresses(given: Iterable[str]) -> tuple[Address, ...]:
    """Each text as one address.

    Raises:
        Failure: a text is none.
    """
    return tuple(parse_address(text) for text in given)


def parse_address(text: str) -> Address:
    """One address.

    Raises:
        Failure: the text is none; the message says why.
    """
    if any(is_unsafe(character) for character in text):
        raise _no_address(text, "it holds a line break or a control character")
    if len(text) > _LONGEST_NAME + _LONGEST_MAILBOX:
        raise _no_address(text, "it is too long")
    stripped = text.strip(" ")
    if not stripped:
        raise _no_address(text, "it is empty")
    named = _NAMED.fullmatch(stripped)
    if named is None:
        return Address(_mailbox(stripped, text))
    quoted = named["quoted"]
    name = named["plain"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
    return Address(_mailbox(named["mailbox"], text), name.strip(" "))


def _mailbox(mailbox: str, text: str) -> str:
    if not mailbox.isascii():
        raise _no_address(
            text,
            "only ASCII can stand in a mailbox",
            mend="write the domain in its xn-- form; other letters in front of the @ are not supported",
        )
    match = _MAILBOX.fullmatch(mailbox)
    if match is None:
        raise _no_address(text, _why_no_mailbox(mailbox))
    if len(match["local"]) > _LONGEST_LOCAL_PART or len(mailbox) > _LONGEST_MAILBOX:
        raise _no_address(text, "it is too long")
    return mailbox


def _why_no_mailbox(mailbox: str) -> str:
    if "@" not in mailbox:
        return "it has no @"
    if "," in mailbox or ";" in mailbox:
        return "here belongs one address"
    return "it does not have the form name@domain"


def _no_address(text: str, why: str, *, mend: str = _FORM) -> Failure:
    return Failure(f"'{shown(text)}' is no address: {why}", code="AF-MAIL-ADDRESS", help=mend)
