"""Formulas taken apart: nothing is lost, and what openpyxl's tokenizer finds is found."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, strategies as st
from openpyxl.formula import Tokenizer

from aetherflow_excel.moving.insertions import Insertion, Kind
from aetherflow_excel.moving.moves import Moves, Standing
from aetherflow_excel.moving.references import Reference, parse_formula, with_table
from aetherflow_excel.package.problems import BrokenPart

pytestmark = pytest.mark.unit

CELL = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "$"]),
    st.sampled_from(["A", "B", "Z", "AA", "XFD", "c"]),
    st.sampled_from(["", "$"]),
    st.integers(1, 2000),
)
AREA = st.one_of(
    CELL,
    st.builds("{}:{}".format, CELL, CELL),
    st.builds("{}:{}".format, st.integers(1, 99), st.integers(1, 99)),
    st.sampled_from(["A:A", "$B:$C"]),
)
SHEET = st.sampled_from(["", "Data!", "'Data'!", "'It''s'!", "[1]Data!", "'[2]a b'!"])
OPERAND = st.one_of(
    st.builds("{}{}".format, SHEET, AREA),
    st.sampled_from(
        ['"A1 ""x"" B2"', "1.5", "2E+5", "TRUE", "#N/A", "Total", "Sales[A1]", "Sales[[#All],[B2]]", "{1,2;3,4}"]
    ),
)
FORMULA = st.recursive(
    OPERAND,
    lambda inner: st.one_of(
        st.builds("{}{}{}".format, inner, st.sampled_from("+-*/^&=<>"), inner),
        st.builds("{}({},{})".format, st.sampled_from(["SUM", "LOG10", "IF", "_xlfn.XLOOKUP"]), inner, inner),
        st.builds("({})".format, inner),
    ),
    max_leaves=8,
)


@given(st.one_of(FORMULA, st.text()))
def test_the_pieces_of_any_text_are_that_text(text):
    pieces = parse_formula(text).pieces
    assert "".join(piece.text if isinstance(piece, Reference) else piece for piece in pieces) == text


@given(FORMULA)
def test_a_reference_written_anew_is_what_it_was(text):
    for reference in parse_formula(text).references:
        assert reference.with_ends(*reference.ends) == reference.text


@given(FORMULA)
def test_the_same_references_are_found_as_openpyxl_finds(text):
    expected = [
        token.value
        for token in Tokenizer("=" + text).items
        if token.type == "OPERAND" and token.subtype == "RANGE" and re.search(r"\d|:", token.value.rpartition("!")[2])
        if "[" not in token.value or "!" in token.value
    ]
    assert [reference.text for reference in parse_formula(text).references] == expected


@given(st.text(alphabet="ABZ19$:!'\"[]#(),;+ \n\\._", max_size=40))
def test_whatever_stands_in_a_formula_it_is_moved_without_an_accident(text):
    moves = Moves([Insertion("Data", 5, 10, 1, 4)], ["Data"])
    moved = moves.formula(text, Kind.FORMULA, Standing("Data", 1))
    assert re.sub("[0-9]", "", moved) == re.sub("[0-9]", "", text)


@pytest.mark.parametrize(
    ("text", "names", "functions"),
    [
        ("SUM(Total,Sales[x])+Tax*2+A1", {"total", "sales", "tax"}, {"sum"}),
        ("_xlfn._xlws.SORT(Größe)&TRUE", {"größe"}, {"sort"}),
        ('"Total"&Data!Rate', {"rate"}, set()),
        ('INDIRECT("A"&ROW())', set(), {"indirect", "row"}),
    ],
)
def test_names_and_functions_are_told(text, names, functions):
    formula = parse_formula(text)
    assert (formula.names, formula.functions) == (names, functions)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SUBTOTAL(109,[Count])", "SUBTOTAL(109,Sales[Count])"),
        ("[Count]*[[#This Row],[Price]]", "Sales[Count]*Sales[[#This Row],[Price]]"),
        ("SUM(Sales[Count])", "SUM(Sales[Count])"),
        ('Other[[#All],[a]]&"[x]"', 'Other[[#All],[a]]&"[x]"'),
        ("[1]Data!A1+[2]!name", "[1]Data!A1+[2]!name"),
        ("'[a.xlsx]Data'!A1", "'[a.xlsx]Data'!A1"),
        ("A1+B2", "A1+B2"),
    ],
)
def test_a_bare_column_of_a_table_gets_its_table(text, expected):
    assert with_table(text, "Sales") == expected


@pytest.mark.parametrize(
    "text", ["[" * 16_384, "'" * 16_384, "A" * 16_384, "A1:" * 5_000, "((((" * 4_000, '"' * 16_383]
)
def test_a_hostile_formula_takes_little_time(text):
    started = time.process_time()
    assert parse_formula(text).pieces
    assert time.process_time() - started < 10


def test_a_formula_that_no_program_would_take_is_broken():
    with pytest.raises(BrokenPart, match="a formula of 16,385 characters"):
        parse_formula("1" * 16_385)
