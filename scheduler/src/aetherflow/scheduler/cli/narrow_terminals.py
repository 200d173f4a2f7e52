"""Tables wider than the terminal go without the columns that are needed least: lines that wrap are not read."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Sequence

from aetherflow.kernel.api import CommandContext

_GAP = 2


def say_fitted(
    context: CommandContext,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    least_needed: Sequence[str],
    numbers: Collection[str],
) -> None:
    """Say a table without what the terminal is too narrow for, and which columns those are.

    Args:
        context: the command's.
        columns: the headings.
        rows: a text for each column.
        least_needed: the headings that may go, the first one first.
        numbers: the headings of the columns that stand to the right.
    """
    shown, cells = fitted(columns, rows, least_needed, columns_of(context))
    context.say_table(shown, cells, numbers=numbers)
    left_out = [column for column in columns if column not in shown]
    if left_out:
        context.say_beside(f"note: the terminal is too narrow for {', '.join(left_out)}")


def columns_of(context: CommandContext) -> int | None:
    """How wide the terminal is; null where the answer goes elsewhere, or nobody knows."""
    if not context.is_terminal:
        return None
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except OSError:
        return None


def fitted(
    columns: Sequence[str], rows: Sequence[Sequence[str]], least_needed: Sequence[str], width: int | None
) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    """A table without as many of some columns as have to go for it to fit.

    Args:
        columns: the headings.
        rows: a text for each column.
        least_needed: the headings that may go, in this order.
        width: what it has to fit into; null for no limit.
    """
    for name in least_needed:
        if width is None or _width(columns, rows) <= width:
            break
        place = columns.index(name)
        columns, *rows = [[*line[:place], *line[place + 1 :]] for line in (columns, *rows)]
    return columns, rows


def _width(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    cells = zip(columns, *rows, strict=True)
    return sum(max(map(len, column)) for column in cells) + _GAP * (len(columns) - 1)
