"""A pivot table, slicers, shapes and form controls with linked cells, as excelize writes them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from plugins.excel.tests.templates.frame import FORMULAS, TARGET
from plugins.excel.tests.templates.record import Expected, Template

PROGRAM = Path(__file__).with_name("excelize_program.py")


def write(path: Path) -> None:
    subprocess.run([sys.executable, PROGRAM, path], check=True, timeout=60)


TEMPLATE = Template(
    name="pivoted",
    make=write,
    targets=(TARGET,),
    replaced=Expected(values={"Report!C9": 60.0, "Report!D9": 1 / 3}),
    inserted=Expected(
        facts={
            "Report formulas": FORMULAS,
            "Report drawing": ["14-25 Ship", "1-12 Shape 3", "17-31 Chart 4"],
            "Report legacy shapes": [
                "Spin rows 11-14 Row 11 Column 5 FmlaLink C12",
                "Checkbox rows 0-3 Row 0 Column 5 FmlaLink A23",
            ],
            "Report sparklines": {"E12": "Report!C5:C10"},
            "charts": {"xl/charts/chart1.xml": ["Report!$C$4", "Report!$B$5:$B$10", "Report!$C$5:$C$10"]},
            "pivot sources": {"xl/pivotCache/pivotCacheDefinition1.xml": "Report!B4:D10 refreshed on load"},
            "tables": {"Ships": "J15:K17, filter J15:K17"},
        },
        # The three rows that were there count as well: 1 + 2 + 4.
        values={"Report!C12": 67.0, "Report!D12": 1 / 3},
        changed=frozenset(
            {
                "xl/drawings/drawing1.xml",
                "xl/drawings/vmlDrawing1.vml",
                "xl/charts/chart1.xml",
                "xl/pivotCache/pivotCacheDefinition1.xml",
                "xl/tables/table1.xml",
            }
        ),
    ),
)
