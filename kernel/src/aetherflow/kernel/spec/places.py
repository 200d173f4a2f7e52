"""One table from the values of a document to the lines and columns where they stand."""

from __future__ import annotations

from array import array
from typing import TypeAlias

#: Line and column from 0, as `line << 32 | column`: a table of numbers costs a fifth of one of objects.
Place: TypeAlias = int
Container: TypeAlias = dict[str, object] | list[object]

#: A mapping of so many keys is not looked through for each of them.
_BIG = 32
_COLUMN_BITS = 32
_COLUMN = (1 << _COLUMN_BITS) - 1


def line_and_column(place: Place) -> tuple[int, int]:
    """Line and column, from 1."""
    return (place >> _COLUMN_BITS) + 1, (place & _COLUMN) + 1


class Places:
    """Where keys and values stand, by the mapping or list that holds them.

    Holds for as long as the values live and are left as they were read.
    """

    __slots__ = ("_first", "_numbers", "_table", "root")

    def __init__(self) -> None:
        self.root: Place = 0
        self._table = array("Q")
        self._first: dict[int, int] = {}
        #: The numbers of keys in big mappings that were asked for: who asks once asks again.
        self._numbers: dict[int, dict[str, int]] = {}

    def add(self, container: Container, places: list[Place]) -> None:
        """Note the places of a list's items, or of a mapping's keys and values in turn."""
        self._first[id(container)] = len(self._table)
        self._table.extend(places)

    def of_value(self, container: Container, key: str | int) -> Place | None:
        """Where the value below a key or an index stands; null where there is none."""
        if isinstance(container, list):
            return self._at(container, key) if isinstance(key, int) and 0 <= key < len(container) else None
        return self._at(container, 2 * self._number(container, key) + 1) if key in container else None

    def of_key(self, container: Container, key: str | int) -> Place | None:
        """Where a key stands; for an index, its item; null where there is none."""
        if isinstance(container, list):
            return self.of_value(container, key)
        return self._at(container, 2 * self._number(container, key)) if key in container else None

    def _at(self, container: Container, number: int) -> Place:
        return self._table[self._first[id(container)] + number]

    def _number(self, container: dict[str, object], key: str | int) -> int:
        if len(container) < _BIG:
            return next(number for number, known in enumerate(container) if known == key)
        numbers = self._numbers.get(id(container))
        if numbers is None:
            numbers = self._numbers[id(container)] = {known: number for number, known in enumerate(container)}
        return numbers[str(key)]
