"""What a fill at a place would touch: found out by filling it with one row, into a file that nobody keeps."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from ..fill_inputs import SmallTarget
from ..filling.fill import Filled, fill
from ..filling.regions import Filling
from ..rows.json_rows import JsonRows


def try_fill(template: Path, anchor: str, sheet: str | None) -> Filled:
    """Insert one row at a place of a template, and tell what that changes.

    Raises:
        StepError: there is no such place, or rows can't be inserted there.
    """
    target = SmallTarget(name=anchor, anchor=anchor, sheet=sheet, insert="below", rows_json=[[None]])
    filling = Filling(target, JsonRows([[None]], ["column"]), 1)
    with TemporaryDirectory(prefix="aetherflow-") as folder:
        return fill(template, Path(folder, "tried"), template.suffix, [filling])
