"""Values that can't stand in a cell."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc


class Refused(Exception):
    """A value, by its index in its column, or a whole column that has no place in a worksheet, and why."""

    def __init__(self, index: int | None, reason: str) -> None:
        super().__init__(reason)
        self.index = index
        self.reason = reason


def refuse_where(is_wrong: pa.Array, reason: str) -> None:
    """Refuse the first value that is wrong, if any is.

    Raises:
        Refused: one is.
    """
    index = pc.index(is_wrong, pa.scalar(value=True)).as_py()
    if index >= 0:
        raise Refused(index, reason)
