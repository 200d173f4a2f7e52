"""Formulas that are hard to read, about a sheet whose name is hard to read; names that are no plain ranges.

The sheet is the list of `frame.py`; the formulas stand on another one, as the texts that they are, with what they
come to once three rows are inserted.
"""

from __future__ import annotations

from pathlib import Path

from plugins.excel.tests.templates.frame import FORMULAS, write_frame
from plugins.excel.tests.templates.record import Expected, Target, Template

NAME = "It's C5,C7!"
#: How it is written in a formula.
IT = "'It''s C5,C7!'!"
#: Each formula, what it says after the insertion, and its value then and in place.
CASES = (
    (f"SUM({IT}C7:C5)", f"SUM({IT}C10:C5)", 60.0),
    (f'"C5:C7 "&{IT}B9', f'"C5:C7 "&{IT}B12', "C5:C7 Total"),
    (f"LOG10(100)+{IT}$C$9", f"LOG10(100)+{IT}$C$12", 62.0),
    (f"SUM({{1,2;3,4}})+{IT}C$9", f"SUM({{1,2;3,4}})+{IT}C$12", 70.0),
    (f"SUM(({IT}C5:C7,{IT}D5:D7))", f"SUM(({IT}C5:C10,{IT}D5:D10))", 61.0),
    (f"SUM({IT}C4:C7 {IT}B9:D9)", f"SUM({IT}C4:C10 {IT}B12:D12)", None),
    (f"SUM({IT}C:C)/2", f"SUM({IT}C:C)/2", 60.0),
    (f"SUM({IT}$5:$7)", f"SUM({IT}$5:$10)", 61.0),
    (f"SUM({IT}4:4)", f"SUM({IT}4:7)", None),
    (f"SUM(OFFSET({IT}C4,1,0,3,1))", f"SUM(OFFSET({IT}C4,1,0,3,1))", 60.0),
    (f'SUMIFS({IT}C$5:C$7,{IT}B$5:B$7,"<>C9")', f'SUMIFS({IT}C$5:C$10,{IT}B$5:B$10,"<>C9")', 60.0),
    (f"INDEX({IT}$B$5:$D$7,3,1)", f"INDEX({IT}$B$5:$D$10,3,1)", "Rome"),
    (f"-{IT}C9^2%", f"-{IT}C12^2%", None),
    (f'IF({IT}C9>=60,"{IT}C9",{IT}C5)', f'IF({IT}C12>=60,"{IT}C9",{IT}C8)', f"{IT}C9"),
    ("SUM(Areas)", "SUM(Areas)", 61.0),
    (f"SUM({IT}C5:{IT}C7)", f"SUM({IT}C5:{IT}C10)", 60.0),
    (f"COUNTBLANK({IT}B1:$D$1048576)*0", f"COUNTBLANK({IT}B1:$D$1048576)*0", 0.0),
    (f"ROWS({IT}C9:INDEX({IT}C:C,12))", f"ROWS({IT}C12:INDEX({IT}C:C,12))", None),
    # Ranges whose end is computed begin with the data too.
    (f"SUM(OFFSET({IT}$C$5,0,0,COUNT({IT}$C$5:$C$7),1))", f"SUM(OFFSET({IT}$C$5,0,0,COUNT({IT}$C$5:$C$10),1))", 60.0),
    (f"SUM({IT}$C$5:INDEX({IT}$C:$C,7))", f"SUM({IT}$C$5:INDEX({IT}$C:$C,7))", 60.0),
    ("SUM(Dynamic)", "SUM(Dynamic)", 60.0),
    (f"OFFSET({IT}C9,0,0)", f"OFFSET({IT}C12,0,0)", 60.0),
    ("B5+C9", "B5+C9", 0.0),
)


def write(path: Path) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(path) as book:
        write_frame(book, NAME)
        other = book.add_worksheet("C9")
        for row, (formula, _, _) in enumerate(CASES):
            other.write_formula(row, 0, f"={formula}")
        book.define_name("Areas", f"={IT}$C$5:$C$7,{IT}$D$5:$D$7")
        book.define_name("Dynamic", f"=OFFSET({IT}$C$5,0,0,COUNTA({IT}$C:$C)-2,1)")
        book.define_name("Constant", "=5")
        book.define_name("Words", '="C5:C7"')
        book.define_name("Column_", f"={IT}$C:$C")


VALUES = {f"C9!A{row}": value for row, (_, _, value) in enumerate(CASES, 1) if value is not None}
TEMPLATE = Template(
    name="worded",
    make=write,
    targets=(Target(sheet=NAME, anchor="ROWS", lands={"replace": "B5", "below": "B5"}),),
    replaced=Expected(values=VALUES, changed=frozenset({"xl/worksheets/sheet2.xml"})),
    inserted=Expected(
        facts={
            f"{NAME} formulas": FORMULAS,
            "C9 formulas": {f"A{row}": after for row, (_, after, _) in enumerate(CASES, 1)},
            "names": {
                "Areas": f"{IT}$C$5:$C$10,{IT}$D$5:$D$10",
                "Dynamic": f"OFFSET({IT}$C$5,0,0,COUNTA({IT}$C:$C)-2,1)",
                "Constant": "5",
                "Words": '"C5:C7"',
                "Column_": f"{IT}$C:$C",
            },
        },
        values=VALUES,
        changed=frozenset({"xl/worksheets/sheet2.xml"}),
    ),
)
