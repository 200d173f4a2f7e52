"""Formulas after rows were inserted: the expected texts are written by hand."""

from __future__ import annotations

import pytest

from aetherflow.kernel.api import StepError
from aetherflow_excel.moving.insertions import Insertion, Kind
from aetherflow_excel.moving.moves import Moves, Standing
from aetherflow_excel.moving.shared_formulas import translated

pytestmark = pytest.mark.unit

SHEETS = ("First", "Data", "It's", "Last")
#: Ten rows come in front of row 5; the data stands in B to D, and its header in row 4.
INSERTION = Insertion("Data", before_row=5, count=10, first_column=2, last_column=4, header_row=4)
MOVES = Moves([INSERTION], SHEETS, anchored_names=["Begin"])

#: A formula in F30 of the same sheet, and what becomes of it.
IN_A_CELL = [
    # Single cells
    ("B4", "B4"),
    ("B5", "B15"),
    ("$B$5", "$B$15"),
    ("B$5", "B$15"),
    ("$B5", "$B15"),
    ("b5", "b15"),
    ("A1048566", "A1048576"),
    ("F5", "F15"),
    ("XFD5", "XFD15"),
    # Ranges that grow because rows come into them
    ("SUM(B4:B9)", "SUM(B4:B19)"),
    ("SUM(B1:B5)", "SUM(B1:B15)"),
    ("SUM(F4:F9)", "SUM(F4:F19)"),
    ("SUM($B$4:$B$9)", "SUM($B$4:$B$19)"),
    ("SUM(B9:B4)", "SUM(B19:B4)"),
    ("SUM(B4:A9)", "SUM(B4:A19)"),
    ("SUM(A1:XFD9)", "SUM(A1:XFD19)"),
    # Ranges above and below
    ("SUM(B1:B4)", "SUM(B1:B4)"),
    ("SUM(B1:B3)", "SUM(B1:B3)"),
    ("SUM(B6:B9)", "SUM(B16:B19)"),
    ("SUM(F5:F9)", "SUM(F15:F19)"),
    # Ranges that begin where the data comes in
    ("SUM(B5:B9)", "SUM(B5:B19)"),
    ("SUM($B$5:$D$9)", "SUM($B$5:$D$19)"),
    ("SUM(A5:B9)", "SUM(A5:B19)"),
    ("SUM(D5:F9)", "SUM(D5:F19)"),
    ("SUM(E5:F9)", "SUM(E15:F19)"),
    ("SUM(B5:D5)", "SUM(B15:D15)"),
    ("SUM(B5:B5)", "SUM(B5:B15)"),
    ("SUM(F5:F5)", "SUM(F15:F15)"),
    ("SUM(B9:B5)", "SUM(B19:B5)"),
    # Single cells that are all that is summed up
    ("SUM(B5)", "SUM(B5:B15)"),
    ("sum( $B$5 )", "sum( $B$5:$B$15 )"),
    ("ROUND(SUM(B5),2)", "ROUND(SUM(B5:B15),2)"),
    ("SUBTOTAL(109,B5)", "SUBTOTAL(109,B5:B15)"),
    ("AGGREGATE(9,6,B5)", "AGGREGATE(9,6,B5:B15)"),
    ("SUM(Data!B5)", "SUM(Data!B5:B15)"),
    ("SUM(B4)", "SUM(B4:B14)"),
    ("SUM(B9)", "SUM(B19)"),
    ("SUM(F5)", "SUM(F15)"),
    ("SUM(B5,C5)", "SUM(B15,C15)"),
    ("MAX(B5,0)", "MAX(B15,0)"),
    ("ABS(B5)", "ABS(B15)"),
    ("MYSUM(B5)", "MYSUM(B15)"),
    ("x.SUM(B5)", "x.SUM(B15)"),
    ("SUM(-B5)", "SUM(-B15)"),
    ("SUM((B5))", "SUM((B15))"),
    ("SUBTOTAL(B5)", "SUBTOTAL(B15)"),
    # Cells from which a range is worked out
    ("SUM(B5:INDEX(B:B,ROW()-1))", "SUM(B5:INDEX(B:B,ROW()-1))"),
    ("SUM(B5:OFFSET(B9,-1,0))", "SUM(B5:OFFSET(B19,-1,0))"),
    ("SUM(Data!B5 : INDEX(B:B,8))", "SUM(Data!B5 : INDEX(B:B,8))"),
    ("SUM(OFFSET($B$5,0,0,COUNTA(B$5:B$99),1))", "SUM(OFFSET($B$5,0,0,COUNTA(B$5:B$109),1))"),
    ("SUM(offset( B5,0,0,9,1))", "SUM(offset( B5,0,0,9,1))"),
    ("SUM(OFFSET(B6,0,0,9,1))", "SUM(OFFSET(B16,0,0,9,1))"),
    ("SUM(F5:INDEX(F:F,9))", "SUM(F15:INDEX(F:F,9))"),
    ("XOFFSET(B5,0)", "XOFFSET(B15,0)"),
    # The header alone
    ("SUM(B4:B4)", "SUM(B4:B14)"),
    ("SUM($B$4:$D$4)", "SUM($B$4:$D$14)"),
    ("SUM(F4:F4)", "SUM(F4:F4)"),
    ("SUM(B3:B4)", "SUM(B3:B4)"),
    ("SUM(B3:B3)", "SUM(B3:B3)"),
    # Whole rows and columns
    ("SUM(5:9)", "SUM(5:19)"),
    ("SUM($5:$9)", "SUM($5:$19)"),
    ("SUM(6:9)", "SUM(16:19)"),
    ("SUM(1:3)", "SUM(1:3)"),
    ("SUM(2:7)", "SUM(2:17)"),
    ("SUM(B:B)", "SUM(B:B)"),
    ("SUM($B:$D)", "SUM($B:$D)"),
    ("SUM(b:d)", "SUM(b:d)"),
    ("SUM(1:1048576)", "SUM(1:1048576)"),
    ("SUM(B1:B1048576)", "SUM(B1:B1048576)"),
    ("SUM(B6:B1048576)", "SUM(B16:B1048576)"),
    ("SUM(F3:F1048570)", "SUM(F3:F1048576)"),
    # Names of sheets
    ("Data!B9", "Data!B19"),
    ("DATA!B9", "DATA!B19"),
    ("'Data'!B9", "'Data'!B19"),
    ("'data'!$B$9:$C$10", "'data'!$B$19:$C$20"),
    ("First!B9", "First!B9"),
    ("'It''s'!B9", "'It''s'!B9"),
    ("'Not there'!B9", "'Not there'!B9"),
    ("Data!9:9", "Data!19:19"),
    ("Data!B:B", "Data!B:B"),
    ("Data!B9:Data!B12", "Data!B19:Data!B22"),
    ("#REF!B9", "#REF!B9"),
    ("#REF!B9+B9", "#REF!B9+B19"),
    ("Data!#REF!", "Data!#REF!"),
    # Other workbooks
    ("[1]Data!B9", "[1]Data!B9"),
    ("[12]Data!$B$9:$B$12", "[12]Data!$B$9:$B$12"),
    ("'[1]My Data'!B9", "'[1]My Data'!B9"),
    ("'C:\\files\\[book.xlsx]Data'!B9", "'C:\\files\\[book.xlsx]Data'!B9"),
    ("[1]!Total", "[1]!Total"),
    ("[1]Data!B9+B9", "[1]Data!B9+B19"),
    # Tables
    ("SUM(Sales[Amount])", "SUM(Sales[Amount])"),
    ("Sales[[#This Row],[B9]]", "Sales[[#This Row],[B9]]"),
    ("Sales[[#Headers],[A]:[C]]", "Sales[[#Headers],[A]:[C]]"),
    ("Sales[B9]*B9", "Sales[B9]*B19"),
    ("Sales[it'[s B9']]*B9", "Sales[it'[s B9']]*B19"),
    ("Sales[@Amount]+B9", "Sales[@Amount]+B19"),
    ("[@B9]", "[@B9]"),
    # Names, functions and numbers that look like cells
    ("Total", "Total"),
    ("TAX_2024*B9", "TAX_2024*B19"),
    ("B9_total", "B9_total"),
    ("_B9", "_B9"),
    ("B9.x", "B9.x"),
    ("x.B9", "x.B9"),
    ("\\B9", "\\B9"),
    ("Größe9", "Größe9"),
    ("LOG10(B9)", "LOG10(B19)"),
    ("BIN2DEC(B9)", "BIN2DEC(B19)"),
    ("ATAN2(B9,C9)", "ATAN2(B19,C19)"),
    ("XFE9", "XFE9"),
    ("AAAA9", "AAAA9"),
    ("B1048577", "B1048577"),
    ("B0", "B0"),
    ("1E5+B9", "1E5+B19"),
    ("1.5E+9*B9", "1.5E+9*B19"),
    ("2*9", "2*9"),
    ("TRUE", "TRUE"),
    ("_xlfn.XLOOKUP(B9,B5:B9,C5:C9)", "_xlfn.XLOOKUP(B19,B5:B19,C5:C19)"),
    ("_xlfn._xlws.SORT(B5:C9)", "_xlfn._xlws.SORT(B5:C19)"),
    # Text and errors
    ('"B9"&B9', '"B9"&B19'),
    ('"say ""B9"""&B9', '"say ""B9"""&B19'),
    ('IF(B9="","B5:B9",#N/A)', 'IF(B19="","B5:B9",#N/A)'),
    ("IFERROR(#DIV/0!,B9)", "IFERROR(#DIV/0!,B19)"),
    ("#SPILL!", "#SPILL!"),
    ("\"it's\"&'Data'!B9", "\"it's\"&'Data'!B19"),
    ('INDIRECT("B9")', 'INDIRECT("B9")'),
    # Operators, spaces and line breaks
    ("B9#", "B19#"),
    ("SUM(B9#/B10)", "SUM(B19#/B20)"),
    ("_xlfn.ANCHORARRAY(B9)", "_xlfn.ANCHORARRAY(B19)"),
    ("_xlfn.SINGLE(B5:B9)", "_xlfn.SINGLE(B5:B19)"),
    ("@B5:B9", "@B5:B19"),
    ("B9 C9", "B19 C19"),
    ("SUM((B5:B9,D5:D9))", "SUM((B5:B19,D5:D19))"),
    ("SUM(B5:D9 C1:C20)", "SUM(B5:D19 C1:C30)"),
    ("B9:INDEX(B:B,20)", "B19:INDEX(B:B,20)"),
    ("INDEX(B:B,2):B9", "INDEX(B:B,2):B19"),
    ("OFFSET(B9,1,0):C9", "OFFSET(B19,1,0):C19"),
    ("-B9^2%", "-B19^2%"),
    ("B9<>C9", "B19<>C19"),
    ("B9>=C9", "B19>=C19"),
    (" B9 +\n\tC9 ", " B19 +\n\tC19 "),
    ("B9\r\n+C9", "B19\r\n+C19"),
    ("=B9", "=B19"),
    ("{1,2;3,4}*B9", "{1,2;3,4}*B19"),
    ('{"B9","x"}', '{"B9","x"}'),
    ("IF(B9,C9,)", "IF(B19,C19,)"),
    ("LET(_xlpm.x,B9,_xlpm.x*2)", "LET(_xlpm.x,B19,_xlpm.x*2)"),
    ("SUM(B9;C9)", "SUM(B19;C19)"),
    ("", ""),
]


@pytest.mark.parametrize(("before", "after"), IN_A_CELL, ids=[each[0] or "empty" for each in IN_A_CELL])
def test_a_formula_in_a_cell_follows_its_rows(before, after):
    assert MOVES.formula(before, Kind.FORMULA, Standing("Data", 30)) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("B9", "B9"),
        ("SUM(B5:B9)", "SUM(B5:B9)"),
        ("Data!B9", "Data!B19"),
        ("SUM(Data!B5:B9)", "SUM(Data!B5:B19)"),
        ("SUM(Data!B4:B4)*B4", "SUM(Data!B4:B14)*B4"),
        ("5:5", "5:5"),
        ("Data!Total+First!B9", "Data!Total+First!B9"),
    ],
)
def test_a_formula_on_another_sheet_follows_only_what_it_names(before, after):
    assert MOVES.formula(before, Kind.FORMULA, Standing("First", 6)) == after


@pytest.mark.parametrize(
    ("row", "before", "after"),
    [
        (5, "SUM(B5:C5)", "SUM(B15:C15)"),
        (5, "SUM(B5:B5)", "SUM(B15:B15)"),
        (5, "SUM(B5)", "SUM(B15)"),
        (7, "B7/SUM(B$5:B$9)", "B17/SUM(B$5:B$19)"),
        (7, "SUM(B5:B9)", "SUM(B15:B19)"),
        (7, "SUM(B$5:B7)", "SUM(B$15:B17)"),
        (10, "SUM(B5:B9)", "SUM(B5:B19)"),
        (4, "SUM(B5:B9)", "SUM(B5:B19)"),
        (7, "SUM(Data!B$5:B$9)", "SUM(Data!B$5:B$19)"),
        (9, "AVERAGE(B5:B9)", "AVERAGE(B15:B19)"),
    ],
)
def test_a_formula_beside_its_own_range_goes_with_its_row(row, before, after):
    assert MOVES.formula(before, Kind.FORMULA, Standing("Data", row)) == after


@pytest.mark.parametrize(
    ("row", "before", "after"),
    [
        (5, "SUM(B5:B999)", "SUM(B5:B1009)"),
        (5, "SUM(B5:B6)", "SUM(B5:B16)"),
        (6, "COUNTIF(B5:C9,F6)", "COUNTIF(B5:C19,F16)"),
        (40, "VLOOKUP(F40,B5:D999,3,FALSE)", "VLOOKUP(F50,B5:D1009,3,FALSE)"),
        (6, "SUM(F5:F9)", "SUM(F15:F19)"),
    ],
)
def test_a_total_beside_the_list_that_it_sums_up_grows(row, before, after):
    assert MOVES.formula(before, Kind.FORMULA, Standing("Data", row)) == after


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        (Kind.NAME, "Data!$B$9", "Data!$B$19"),
        (Kind.NAME, "Data!$B$5", "Data!$B$15"),
        (Kind.NAME, "Data!$B$5:$D$5", "Data!$B$5:$D$15"),
        (Kind.NAME, "Data!$B$5:$D$9", "Data!$B$5:$D$19"),
        (Kind.NAME, "Data!$F$5:$F$9", "Data!$F$15:$F$19"),
        (Kind.NAME, "Data!$B$4:$D$4", "Data!$B$4:$D$4"),
        (Kind.NAME, "Data!$A:$B,Data!$1:$4", "Data!$A:$B,Data!$1:$4"),
        (Kind.NAME, "Data!$A$1:$D$9,Data!$F$6", "Data!$A$1:$D$19,Data!$F$16"),
        (Kind.NAME, "Data!A9:A10", "Data!A19:A20"),
        (Kind.NAME, "Data!$A9", "Data!$A19"),
        (Kind.NAME, "SUM(Data!$B1:$D1)", "SUM(Data!$B1:$D1)"),
        (Kind.NAME, "Data!A1048576", "Data!A1048576"),
        (Kind.NAME, "OFFSET(Data!$B$4,1,0,9,1)", "OFFSET(Data!$B$4,1,0,9,1)"),
        (
            Kind.NAME,
            "OFFSET(Data!$B$5,0,0,COUNTA(Data!$B$5:$B$99),1)",
            "OFFSET(Data!$B$5,0,0,COUNTA(Data!$B$5:$B$109),1)",
        ),
        (Kind.NAME, "Data!$B$5:INDEX(Data!$B:$B,9)", "Data!$B$5:INDEX(Data!$B:$B,9)"),
        (Kind.NAME, "Data!$B$5:$B$5", "Data!$B$5:$B$15"),
        (Kind.NAME, "Data!$F$5:$F$5", "Data!$F$15:$F$15"),
        (Kind.NAME, "0.19", "0.19"),
        (Kind.NAME, "#REF!", "#REF!"),
        (Kind.ANCHOR, "Data!$B$5", "Data!$B$5"),
        (Kind.ANCHOR, "Data!$B$6", "Data!$B$16"),
        (Kind.ANCHOR, "Data!$B$5:$D$9", "Data!$B$5:$D$19"),
        (Kind.TABLE, "Data!$B$4:$D$4", "Data!$B$4:$D$14"),
        (Kind.TABLE, "Data!$B$5:$D$9", "Data!$B$15:$D$19"),
        (Kind.SERIES, "Data!$B$5", "Data!$B$5:$B$15"),
        (Kind.SERIES, "Data!$F$5", "Data!$F$15"),
        (Kind.SERIES, "Data!$B$5:$B$9", "Data!$B$5:$B$19"),
        (Kind.SERIES, "Data!$B$5:$D$5", "Data!$B$15:$D$15"),
        (Kind.SERIES, "(Data!$B$5:$B$6,Data!$D$8)", "(Data!$B$5:$B$16,Data!$D$18)"),
        (Kind.AREA, "Data!$B$5:$D$5", "Data!$B$5:$D$15"),
        (Kind.OBJECT, "Data!$B$5:$D$9", "Data!$B$15:$D$19"),
    ],
)
def test_what_refers_to_cells_says_what_becomes_of_a_range(kind, before, after):
    assert MOVES.formula(before, kind, Standing()) == after


@pytest.mark.parametrize(
    ("base", "before", "after"),
    [
        ((5, 5), "$B5>10", "$B5>10"),
        ((5, 5), "B5>B$4", "B5>B$4"),
        ((5, 5), "B5>$C$20", "B5>$C$30"),
        ((5, 5), "B6>B5", "B6>B5"),
        ((5, 5), "COUNTIF($B$5:$B$9,B5)>1", "COUNTIF($B$5:$B$19,B5)>1"),
        ((5, 5), "COUNTIF(B$5:B5,B5)>1", "COUNTIF(B$5:B5,B5)>1"),
        ((20, 30), "B20>B19", "B30>B29"),
        ((20, 30), "B20>B$9", "B30>B$19"),
        ((20, 30), "First!B20>B20", "First!B20>B30"),
        ((4, 4), "B4=MAX(B$4:B$9)", "B4=MAX(B$4:B$19)"),
    ],
)
def test_a_formula_for_an_area_keeps_its_distance_where_rows_are_not_fixed(base, before, after):
    assert MOVES.formula(before, Kind.FORMULA, Standing("Data", base[0], base)) == after


def test_insertions_at_several_places_add_up():
    moves = Moves(
        [Insertion("Data", 5, 10, 1, 3), Insertion("Data", 8, 100, 1, 3), Insertion("data", 8, 1, 5, 6)], SHEETS
    )
    after = moves.formula(
        "A4+A5+A7+A8+SUM(A5:A7)+SUM(A8:A9)+SUM(A4:A20)+SUM(G8:G9)", Kind.FORMULA, Standing("Data", 40)
    )
    assert after == "A4+A15+A17+A119+SUM(A5:A17)+SUM(A18:A120)+SUM(A4:A131)+SUM(G119:G120)"


def test_each_sheet_has_its_own_insertions():
    moves = Moves([Insertion("First", 2, 5, 1, 1), Insertion("Data", 5, 10, 1, 1)], SHEETS)
    after = moves.formula("First!A2+Data!A2+A5+Last!A9", Kind.FORMULA, Standing("Data", 1))
    assert after == "First!A7+Data!A2+A15+Last!A9"


@pytest.mark.parametrize("formula", ["SUM(First:Last!B9)", "SUM('First:It''s'!B4:B9)", "First:Data!B9"])
def test_a_reference_over_several_sheets_is_refused_by_name(formula):
    with pytest.raises(StepError) as caught:
        MOVES.formula(formula, Kind.FORMULA, Standing("First", 1))
    assert caught.value.problem.code == "AF-EXCEL-MOVE"
    assert formula.removeprefix("SUM(").removesuffix(")") in str(caught.value)


def test_a_reference_over_several_sheets_is_refused_where_it_moves_in_the_last_one():
    moves = Moves([Insertion("First", 100, 1, 1, 1), INSERTION], SHEETS)
    with pytest.raises(StepError, match="First:Last!B9"):
        moves.formula("SUM(First:Last!B9)", Kind.FORMULA, Standing("First", 1))


@pytest.mark.parametrize("formula", ["SUM(First:Last!B3)", "SUM(First:Last!B:B)", "SUM('It''s:Last'!B9)"])
def test_a_reference_over_several_sheets_stays_where_nothing_moves_in_it(formula):
    assert MOVES.formula(formula, Kind.FORMULA, Standing("First", 1)) == formula


@pytest.mark.parametrize("formula", ["B1048567", "SUM(B1048567:B1048570)", "1048570:1048570"])
def test_what_would_fall_off_the_sheet_is_refused(formula):
    with pytest.raises(StepError, match="a sheet ends at 1,048,576"):
        MOVES.formula(formula, Kind.FORMULA, Standing("Data", 30))


@pytest.mark.parametrize(
    ("formula", "rows", "columns", "expected"),
    [
        ("A1", 2, 1, "B3"),
        ("$A$1+A$1+$A1", 2, 1, "$A$1+B$1+$A3"),
        ("SUM(A1:B2)", 1, 0, "SUM(A2:B3)"),
        ("SUM($A1:A$2)", 1, 1, "SUM($A2:B$2)"),
        ("A:A+$A:B", 5, 1, "B:B+$A:C"),
        ("3:3+$3:4", 5, 1, "8:8+$3:9"),
        ("Data!A1*'It''s'!A1", 1, 1, "Data!B2*'It''s'!B2"),
        ("[1]Data!A1", 1, 1, "[1]Data!B2"),
        ("A2", -1, 0, "A1"),
        ("A1", -1, -1, "XFD1048576"),
        ('"A1"&A1&Sales[A1]&Total', 1, 1, '"A1"&B2&Sales[A1]&Total'),
        ("LOG10(A1)", 0, 26, "LOG10(AA1)"),
    ],
)
def test_a_shared_formula_is_told_for_another_cell(formula, rows, columns, expected):
    assert translated(formula, rows, columns) == expected
