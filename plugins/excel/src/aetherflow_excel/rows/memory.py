"""How much memory Arrow takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import pyarrow as pa

#: Arrow has one pool for the whole process, and steps run beside one another: the last one out restores what was there.
_POOLS_BEFORE: list[pa.MemoryPool] = []
_SWITCH = Lock()


@contextmanager
def lean_memory() -> Iterator[None]:
    """Let Arrow take its memory from the system: its own pools keep twice as much as is in use at once.

    What was taken from a pool goes back to that one, whichever is in use then: other threads need not care.
    """
    with _SWITCH:
        _POOLS_BEFORE.append(pa.default_memory_pool())
        pa.set_memory_pool(pa.system_memory_pool())
    try:
        yield
    finally:
        with _SWITCH:
            pa.set_memory_pool(_POOLS_BEFORE.pop())
