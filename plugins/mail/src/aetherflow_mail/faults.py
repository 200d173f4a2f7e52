"""Why a message can't be handed over, and how text from elsewhere is shown in such a sentence."""

from __future__ import annotations

import unicodedata

from aetherflow.kernel.api import NothingDone

#: What a sentence shows of a text from elsewhere, in characters.
_LONGEST = 300
#: Control characters, halves of characters, and what some programs take for the end of a line.
_UNSAFE = frozenset({"Cc", "Cs", "Zl", "Zp"})


class Failure(Exception):
    """A message was not handed over, and nobody gets it; `is_transient` where trying again may help."""

    def __init__(self, message: str, *, code: str, help: str = "", is_transient: bool = False) -> None:  # noqa: A002 - as errors have it
        super().__init__(message)
        self.message = message
        self.code = code
        self.help = help
        self.is_transient = is_transient

    def told(self, resource: str) -> NothingDone:
        """The same for the user, with the resource that it happened to."""
        return NothingDone(f"resource {resource!r}: {self.message}", code=self.code, help=self.help)


def is_unsafe(character: str) -> bool:
    """Whether a character may not stand in a header."""
    return unicodedata.category(character) in _UNSAFE


def shown(text: str) -> str:
    """A text from elsewhere in one line: what does not print is escaped, what is too long is cut."""
    safe = "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text[:_LONGEST]
    )
    return f"{safe}…" if len(text) > _LONGEST else safe
