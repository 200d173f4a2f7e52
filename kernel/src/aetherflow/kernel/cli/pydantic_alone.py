"""pydantic, imported without what it would only look for plugins of its own with, which the program refuses it."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_METADATA = "importlib.metadata"


@contextmanager
def pydantic_alone() -> Iterator[None]:
    """Import pydantic in the block without what it would look for plugins with.

    That is `importlib.metadata`, and with it half of `email`: more to import than all of the ledger. In the block a
    stand-in is found for it, which knows no plugins and passes every other question on; afterwards the real one is.
    """
    if _METADATA in sys.modules:
        yield
        return
    stand_in: Any = ModuleType(_METADATA)
    stand_in.entry_points = lambda **_: ()
    stand_in.__getattr__ = lambda name: _of_the_real_one(stand_in, name)
    sys.modules[_METADATA] = stand_in
    try:
        yield
    finally:
        _give_way(stand_in)


def _of_the_real_one(stand_in: ModuleType, name: str) -> Any:  # noqa: ANN401 - whatever is asked for
    if name.startswith("__"):
        # The import system asks for what only packages have.
        raise AttributeError(name)
    _give_way(stand_in)
    return getattr(import_module(_METADATA), name)


def _give_way(stand_in: ModuleType) -> None:
    if sys.modules.get(_METADATA) is stand_in:
        del sys.modules[_METADATA]
