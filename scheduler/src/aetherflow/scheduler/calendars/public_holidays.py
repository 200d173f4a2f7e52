"""Public holidays by country and subdivision, from the package holidays."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

_LONGEST_CODE = 3


@dataclass(frozen=True, slots=True)
class PublicHolidays:
    """The holidays of a country, or of a part of it; years are looked up as they are asked for."""

    country: str
    subdivision: str | None = None
    _years: dict[int, Mapping[date, str]] = field(default_factory=dict, repr=False, compare=False)

    def name_of(self, day: date) -> str | None:
        """The name, in English where there is one; null where the day is no holiday."""
        names = self._years.get(day.year)
        if names is None:
            names = self._years[day.year] = _names(self.country, self.subdivision, day.year)
        return names.get(day)


def read_holidays(country: str, subdivision: str | None = None) -> PublicHolidays:
    """The holidays of a country by its code, such as DE, and of a part of it, such as BY.

    Raises:
        ValueError: there is no such country, or no such part of it; the text proposes one.
    """
    from holidays import country_holidays
    from holidays.registry import COUNTRIES

    codes = {code: names[0] for names in COUNTRIES.values() for code in names[1:] if code.isupper()}
    if country not in codes:
        raise ValueError(f"no holidays are known of a country {country!r}: {_meant_country(country, codes)}")
    known = country_holidays(country)
    if subdivision is not None and subdivision not in known.subdivisions:
        by_name = {part.casefold(): part for part in known.subdivisions}
        by_name |= {alias.casefold().replace(" ", ""): part for alias, part in known.subdivisions_aliases.items()}
        mend = _meant(subdivision, by_name) if by_name else "it has none"
        raise ValueError(f"no part {subdivision!r} of {country} is known: {mend}")
    return PublicHolidays(country, subdivision)


def _names(country: str, subdivision: str | None, year: int) -> Mapping[date, str]:
    from holidays import country_holidays

    known = country_holidays(country, subdiv=subdivision)
    # Otherwise the language is that of the environment.
    language = "en_US" if "en_US" in known.supported_languages else known.default_language
    return dict(country_holidays(country, subdiv=subdivision, years=year, language=language))


def _meant_country(word: str, codes: dict[str, str]) -> str:
    # Of two letters no spelling is nearer than another: GR is not what GER was meant to be.
    if len(word) <= _LONGEST_CODE:
        return f"did you mean {word.upper()!r}?" if word.upper() in codes else "write its code in ISO 3166, such as DE"
    return _meant(word, {name.casefold(): code for code, name in reversed(codes.items())})


def _meant(word: str, known: Mapping[str, str]) -> str:
    folded = word.casefold().replace(" ", "")
    matches: Iterable[str] = [folded] if folded in known else difflib.get_close_matches(folded, known, n=1)
    for match in matches:
        return f"did you mean {known[match]!r}?"
    names = sorted(set(known.values()), key=lambda name: (len(name), name))
    return f"there is: {', '.join(names[:20])}{', …' if len(names) > 20 else ''}"  # noqa: PLR2004 - as many as fit a line
