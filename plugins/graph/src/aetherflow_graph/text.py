"""Text of a flow as a label: one line, not too long, with nothing in it that could not be seen."""

from __future__ import annotations

import unicodedata

#: In characters.
_LONGEST = 60
#: Controls, marks that turn the direction of writing, halves of characters, ends of lines, what is no character.
_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})


def shortened(text: str) -> str:
    """The text on one line; the rest of a long one is left out."""
    # What is cut off is not looked at: a description may be a book.
    line = " ".join(text[: 20 * _LONGEST].split())
    line = "".join("\ufffd" if unicodedata.category(letter) in _UNSEEN else letter for letter in line)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1].rstrip()}…"


def width_of(text: str) -> int:
    """How many columns of a fixed-width font the text takes."""
    return sum(_columns_of(letter) for letter in text)


def _columns_of(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1
