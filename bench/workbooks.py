"""What filling a workbook is compared with."""

from __future__ import annotations

from .comparison import Comparison, Side
from .flows import write_filling
from .setting import AETHERFLOW, HERE, PYTHON, Setting

#: How often ours may take what the floor takes.
FLOOR = 1.5
#: Others that write a workbook: the program, and how often ours may take what it takes; null where there is no aim.
OTHERS = {
    "XlsxWriter": ("xlsxwriter_rows.py", 0.2),
    "openpyxl": ("openpyxl_template.py", 0.067),
    "openpyxl, write-only": ("openpyxl_rows.py", None),
}


def workbook_below(setting: Setting) -> Comparison:
    """Many rows inserted into a template."""
    return _workbook(setting, "below")


def workbook_replace(setting: Setting) -> Comparison:
    """Many rows filled into a template in place."""
    return _workbook(setting, "replace")


def workbook_memory(setting: Setting) -> Comparison:
    """Ten times the rows, beside a tenth of them: memory should not grow with rows."""
    many, few = 10 * setting.workbook_rows, max(1, setting.workbook_rows // 10)
    return Comparison(
        name="workbook-memory",
        title=f"{many:,} rows inserted into a template, beside {few:,}",
        ours=_filling(setting, "below", many),
        beside=(_filling(setting, "below", few, name=f"aetherflow, {few:,} rows"),),
    )


def _workbook(setting: Setting, insert: str) -> Comparison:
    rows = setting.workbook_rows
    floor_program, said = str(HERE / "floors" / "workbook.py"), f"{rows} rows"
    files = setting.workbook(rows)
    floor = Side(name="floor", command=(PYTHON, floor_program, "fill"), files=files, expects=said, aim=FLOOR)
    others = [
        Side(
            name=name,
            command=(str(setting.peers), str(HERE / "peers" / program)),
            files=files,
            expects=said,
            aim=aim,
        )
        for name, (program, aim) in (OTHERS if setting.peers else {}).items()
    ]
    # What of ours is there before any row: its memory is that of what it imports.
    start = _filling(setting, insert, 1, name="aetherflow, 1 row")
    return Comparison(
        name=f"workbook-{insert}",
        title=f"{rows:,} rows of 10 columns into a template with a chart, insert: {insert}",
        ours=_filling(setting, insert, rows),
        beside=(floor, *others, start),
    )


def _filling(setting: Setting, insert: str, rows: int, *, name: str = "aetherflow") -> Side:
    files = setting.workbook(rows)
    flow = write_filling(files[0].parent, insert)
    return Side(name=name, command=(AETHERFLOW, "run", flow.name), files=(flow, *files), expects="SUCCESS")
