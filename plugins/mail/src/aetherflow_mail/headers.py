"""Text in headers: encoded here, so that what a reader sees is what was given and nothing can end a header."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from .addresses import Address
from .faults import Failure, is_unsafe, shown

#: Where a header's line goes on in the next one.
FOLD = "\r\n "
_LINE = 76
_LONGEST_WORD = 60
#: Bytes of UTF-8 in an encoded word: 52 characters of base64 and 12 around them, and room for the header's name.
_WORD_BYTES = 39
#: Characters of a parameter's value in one line.
_PARAMETER_PIECE = 54
_PLAIN_WORDS = re.compile(r"[!-~]+(?: [!-~]+)*")
#: What may stand in front of a mailbox as it is; anything else is quoted or encoded.
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/^_`{|}~-]+)*")
_PLAIN_FILE_NAME = re.compile(r"[A-Za-z0-9_+-][A-Za-z0-9 ._+-]{0,53}(?<! )")
#: What may stand in the value of a parameter (RFC 5987), beside letters and digits.
_PARAMETER_SAFE = "!#$&+^`|~"


def checked(text: str, what: str, *, longest: int) -> str:
    """A text that may stand in a header.

    Raises:
        Failure: it holds a line break, another control character or half a character, or is too long.
    """
    if any(is_unsafe(character) for character in text):
        raise Failure(
            f"{what} holds a line break or a control character: '{shown(text)}'",
            code="AF-MAIL-HEADER",
            help="a header is one line: take the character out, or mend the value that brings it",
        )
    if len(text) > longest:
        raise Failure(f"{what} is longer than {longest} characters", code="AF-MAIL-HEADER", help="shorten it")
    return text


def header_text(text: str, name: str) -> str:
    """The value of a header that holds plain text."""
    # What looks like an encoded word would be decoded by readers, into line breaks if it says so.
    if text == "" or ("=?" not in text and _PLAIN_WORDS.fullmatch(text)):
        folded = _fold_words(text, len(name) + 2)
        if folded is not None:
            return folded
    return _encoded(text)


def header_addresses(addresses: Sequence[Address]) -> str:
    """The value of a header that holds addresses, one a line."""
    return f",{FOLD}".join(_address(address) for address in addresses)


def file_name_parameter(name: str) -> str:
    """The parameter of an attachment that tells its file name, as RFC 2231 has it."""
    if _PLAIN_FILE_NAME.fullmatch(name):
        return f'{FOLD}filename="{name}"'
    encoded = [quote(character, safe=_PARAMETER_SAFE) for character in name]
    pieces = list(_joined(encoded, _PARAMETER_PIECE))
    if len(pieces) == 1:
        return f"{FOLD}filename*=utf-8''{pieces[0]}"
    pieces[0] = f"utf-8''{pieces[0]}"
    return ";".join(f"{FOLD}filename*{number}*={piece}" for number, piece in enumerate(pieces))


def _address(address: Address) -> str:
    if not address.name:
        return address.mailbox
    if _ATOMS.fullmatch(address.name) and len(address.name) < _LINE:
        return f"{address.name} <{address.mailbox}>"
    return f"{_encoded(address.name)}{FOLD}<{address.mailbox}>"


def _fold_words(text: str, used: int) -> str | None:
    """The text with lines of a proper length, null where it has a word that is longer."""
    words = text.split(" ")
    if any(len(word) > _LONGEST_WORD for word in words):
        return None
    lines = [words[0]]
    for word in words[1:]:
        if used + len(lines[-1]) + 1 + len(word) > _LINE:
            lines.append(word)
            used = 1
        else:
            lines[-1] += f" {word}"
    return FOLD.join(lines)


def _encoded(text: str) -> str:
    """The text as encoded words (RFC 2047), cut between characters."""
    pieces: list[bytes] = [b""]
    for character in text:
        data = character.encode()
        if len(pieces[-1]) + len(data) > _WORD_BYTES:
            pieces.append(b"")
        pieces[-1] += data
    return FOLD.join(f"=?utf-8?b?{base64.b64encode(piece).decode()}?=" for piece in pieces)


def _joined(parts: Sequence[str], longest: int) -> Iterator[str]:
    """The parts put together into texts of at most this length, none of them cut."""
    piece = ""
    for part in parts:
        if len(piece) + len(part) > longest:
            yield piece
            piece = ""
        piece += part
    yield piece
