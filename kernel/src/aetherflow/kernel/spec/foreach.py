"""A step's `foreach`: what it is repeated for."""

from __future__ import annotations

from ..errors import YamlPath
from .fields import Field, Fields, Reading, Templates
from .misfits import Misfit, wrong_type
from .models import Foreach
from .shapes import free_mapping, named, whole_number

#: Each item is a row in the ledger: more belong into a file that one step works through.
MAX_ITEMS = 100_000
#: Each item that is worked on at the same time has a thread of its own.
MOST_PARALLEL_ITEMS = 1024
SOURCES = frozenset({"items", "matrix"})


def _items(_reading: Reading, value: object, _path: YamlPath) -> object:
    """A list, or text: a template that stands for one."""
    if not isinstance(value, list | str):
        raise wrong_type(value, "a list")
    return value


def _matrix(reading: Reading, value: object, path: YamlPath) -> dict[str, object]:
    found: dict[str, object] = named(Templates(_items))(reading, value, path)
    if not value:
        raise Misfit("AF-WRONG-VALUE", "a matrix needs at least one list", "write `NAME: […]` here")
    return found


FOREACH_KEYS = Fields(
    "`foreach`",
    {
        "items": Field(Templates(_items)),
        "matrix": Field(_matrix),
        "max_parallel": Field(whole_number(1, MOST_PARALLEL_ITEMS)),
    },
)


def foreach(reading: Reading, value: object, path: YamlPath) -> Foreach:
    """The items of a step, or the lists that they are combined from."""
    found = FOREACH_KEYS(reading, value, path)
    given = SOURCES & {*found, *free_mapping(reading, value, path)}
    if len(given) != 1:
        how_many = "both" if given else "neither"
        message = f"`foreach` needs either `items` or `matrix`, and has {how_many}"
        raise Misfit("AF-WRONG-VALUE", message, "keep one of them" if given else "write `items: […]` here")
    return Foreach(**found, path=path)
