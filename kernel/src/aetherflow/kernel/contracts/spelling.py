"""The nearest right spelling of a word, for messages."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, or null; `difflib`'s ratio decides, letter case aside."""
    import difflib

    by_folded = {candidate.casefold(): candidate for candidate in sorted(known, reverse=True)}
    matches = difflib.get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[matches[0]] if matches else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A mend for a misspelt word: the nearest one, else what there is."""
    names = sorted(known)
    meant = nearest(word, names)
    if meant is not None:
        return f"did you mean {meant!r}?"
    return f"there is: {', '.join(names[:12])}{', …' if len(names) > 12 else ''}" if names else "there is none"  # noqa: PLR2004 - as many as fit a line
