"""What stands in a sheet's XML for each value."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pytest

from aetherflow.kernel.api import StepError
from aetherflow_excel.rows.cells import CellPlan, ColumnStyle, render_cells, render_rows, row_slices
from aetherflow_excel.rows.rules import ValueRules

pytestmark = pytest.mark.unit

US = pa.timestamp("us")


def cells(
    values,
    kind=None,
    *,
    first_row=1,
    style: int | None = None,
    quoted: int | None = None,
    rules: ValueRules | None = None,
    prefix="",
):
    """The cells of a single column of values in column A."""
    column = values if isinstance(values, pa.Array) else pa.array(values, kind)
    styles = [ColumnStyle(style, None if quoted is None else lambda: quoted)]
    plan = CellPlan(styles, rules or ValueRules(), prefix)
    return render_cells(pa.record_batch([column], names=["value"]), first_row, 1, plan).to_pylist()


def content(values, kind=None, **options):
    """What stands between the tags of the `<v>` or `<t>` of each cell, with a mark for text."""
    found = []
    for cell in cells(values, kind, **options):
        text = cell.partition("<t>")[2] or cell.partition('<t xml:space="preserve">')[2]
        found.append("text " + text.partition("</t>")[0] if text else cell.partition("<v>")[2].partition("</v>")[0])
    return found


def test_numbers_stand_in_cells_of_their_row_and_column():
    batch = pa.record_batch([pa.array([1, 2]), pa.array([0.5, 1e21])], names=["a", "b"])
    plan = CellPlan([ColumnStyle(), ColumnStyle(7)])

    found = render_cells(batch, 9, 27, plan).to_pylist()

    assert found == [
        '<c r="AA9"><v>1</v></c><c r="AB9" s="7"><v>0.5</v></c>',
        '<c r="AA10"><v>2</v></c><c r="AB10" s="7"><v>1e+21</v></c>',
    ]


def test_rows_are_wrapped_with_their_numbers_and_attributes():
    rendered = render_rows(pa.array(["<c/>", ""]), 9, attributes='ht="20" customHeight="1"', prefix="x:")

    assert bytes(rendered) == (
        b'<x:row r="9" ht="20" customHeight="1"><c/></x:row><x:row r="10" ht="20" customHeight="1"></x:row>'
    )


def test_prefix_of_the_namespace_stands_before_every_element():
    assert cells(["a", None], style=1, prefix="x:") == [
        '<x:c r="A1" s="1" t="inlineStr"><x:is><x:t>a</x:t></x:is></x:c>',
        '<x:c r="A2" s="1"/>',
    ]
    assert cells([1], prefix="x:") == ['<x:c r="A1"><x:v>1</x:v></x:c>']


def test_null_is_nothing_without_a_style_and_an_empty_cell_with_one():
    assert cells([1, None, 3]) == ['<c r="A1"><v>1</v></c>', "", '<c r="A3"><v>3</v></c>']
    assert cells([None, 2], style=4) == ['<c r="A1" s="4"/>', '<c r="A2" s="4"><v>2</v></c>']
    assert cells([None, None], pa.null(), style=4) == ['<c r="A1" s="4"/>', '<c r="A2" s="4"/>']


def test_empty_text_is_an_empty_cell():
    assert cells(["", "a"]) == ["", '<c r="A2" t="inlineStr"><is><t>a</t></is></c>']


def test_truths_are_of_their_own_type():
    assert cells([True, False, None]) == ['<c r="A1" t="b"><v>1</v></c>', '<c r="A2" t="b"><v>0</v></c>', ""]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()])
def test_text_of_every_kind_is_text(kind):
    assert content(["a & b", "<c>", "007", "1"], kind) == ["text a &amp; b", "text &lt;c&gt;", "text 007", "text 1"]


def test_dictionaries_and_runs_are_their_values():
    assert content(pa.array(["a", "b", "a"]).dictionary_encode()) == ["text a", "text b", "text a"]
    runs = pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], pa.int32()), pa.array([5, 6]))
    assert content(runs) == ["5", "5", "6"]


def test_union_gives_each_value_its_own_type():
    kinds = [pa.array([1, None, None]), pa.array([None, "a", None]), pa.array([None, None, True])]
    union = pa.UnionArray.from_sparse(pa.array([0, 1, 2], pa.int8()), kinds)

    assert cells(union) == [
        '<c r="A1"><v>1</v></c>',
        '<c r="A2" t="inlineStr"><is><t>a</t></is></c>',
        '<c r="A3" t="b"><v>1</v></c>',
    ]


# Text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a\x07b", "a_x0007_b"),
        ("\x00", "_x0000_"),
        ("a\tb\nc", "a\tb\nc"),
        ("a\rb", "a&#13;b"),
        ("_x0041_", "_x005F_x0041_"),
        ("_x0041_x0042_", "_x005F_x0041_x005F_x0042_"),
        ("_x00G1_", "_x00G1_"),
        ("a\ufffeb\uffff", "a\ufffdb\ufffd"),
        ("😀 \u2028 \x85", "😀 \u2028 \x85"),
        ("]]>", "]]&gt;"),
    ],
)
def test_hostile_text_is_escaped(text, written):
    assert content([text, "x"]) == [f"text {written}", "text x"]


@pytest.mark.parametrize("text", [" a", "a ", "\ta", "a\n", " "])
def test_space_at_an_end_is_kept(text):
    assert cells([text]) == [f'<c r="A1" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>']


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\t1", "\r1"])
def test_text_that_begins_as_a_formula_is_text_with_a_quote_prefix(text):
    found = cells([text, "a=1"], style=3, quoted=4)

    assert [cell.partition("><is>")[0] for cell in found] == [
        '<c r="A1" s="4" t="inlineStr"',
        '<c r="A2" s="3" t="inlineStr"',
    ]


def test_style_for_formula_like_text_is_made_only_where_there_is_some():
    def refuse() -> int:
        raise AssertionError("nothing begins as a formula")

    plan = CellPlan([ColumnStyle(3, refuse)])
    batch = pa.record_batch([pa.array(["a", "1=1", None, " =1"])], names=["a"])

    assert len(render_cells(batch, 1, 1, plan)) == 4


def test_text_of_the_greatest_length_is_written_and_a_longer_one_refused_with_its_cell():
    assert len(cells(["x" * 32_767])[0]) > 32_767
    assert len(cells(["ä" * 32_767])[0]) > 32_767
    assert cells(["😀" * 16_383 + "x"])
    for too_long in ("x" * 32_768, "😀" * 16_384):
        with pytest.raises(
            StepError, match=r"column 'value', cell A8: its text is longer than 32,767 characters"
        ) as error:
            cells(["a", too_long], first_row=7)
        assert error.value.problem.code == "AF-EXCEL-VALUE"


def test_bytes_that_a_file_calls_text_are_refused_with_their_cell():
    offsets, content = pa.array([b"a", b"\xff\xfe"]).buffers()[1:]
    with pytest.raises(StepError, match="column 'value', cell A2: its bytes are no text"):
        cells(pa.Array.from_buffers(pa.string(), 2, [None, offsets, content]))


# Numbers


def test_numbers_of_more_than_fifteen_digits_are_text():
    assert content([999_999_999_999_999, 1_000_000_000_000_001, -(10**18), 12345678901234567]) == [
        "999999999999999",
        "text 1000000000000001",
        "-1000000000000000000",
        "text 12345678901234567",
    ]
    assert content([2**64 - 1], pa.uint64()) == ["text 18446744073709551615"]
    assert content([-(2**63)]) == ["text -9223372036854775808"]


def test_decimals_of_more_than_fifteen_digits_are_text():
    values = [Decimal("1234567890123.45"), Decimal("1234567890123.456"), Decimal("0.10"), Decimal("-12.5")]
    assert content(values, pa.decimal128(20, 3)) == ["1234567890123.450", "text 1234567890123.456", "0.100", "-12.500"]
    assert content([Decimal("0.000000001")], pa.decimal128(15, 9)) == ["0.000000001"]
    assert content([Decimal("1E+3")], pa.decimal128(5, -2)) == ["1000"]


def test_numbers_are_rounded_by_the_worksheet_where_the_rule_says_so():
    rules = ValueRules(exact="number")
    assert content([12345678901234567], rules=rules) == ["12345678901234567"]
    assert content([Decimal("1234567890123.456")], pa.decimal128(20, 3), rules=rules) == ["1234567890123.456"]


def test_floats_have_their_shortest_text():
    assert content([0.1, -0.5, 1e-7, 1e300, 100.0]) == ["0.1", "-0.5", "1e-7", "1e+300", "100"]
    assert content([0.1], pa.float32()) == ["0.1"]
    assert content([1.5], pa.float16()) == ["1.5"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_number_that_is_not_finite_is_refused_with_its_cell_or_left_out(value):
    with pytest.raises(StepError, match=r"column 'value', cell A3: it is no finite number"):
        cells([1.0, None, value])
    assert cells([1.0, value], style=2, rules=ValueRules(not_finite="empty")) == [
        '<c r="A1" s="2"><v>1</v></c>',
        '<c r="A2" s="2"/>',
    ]


# Dates


def test_days_are_counted_by_the_date_system():
    values = [dt.date(1904, 1, 1), dt.date(1904, 1, 2), dt.date(2024, 2, 29), dt.date(9999, 12, 31)]
    assert content(values) == ["1462", "1463", "45351", "2958465"]
    assert content(values, rules=ValueRules(counts_from_1904=True)) == ["0", "1", "43889", "2957003"]
    assert content(values, pa.date64()) == ["1462", "1463", "45351", "2958465"]


def test_day_that_never_was_is_stepped_over():
    values = [dt.date(1900, 1, 1), dt.date(1900, 2, 28), dt.date(1900, 3, 1)]
    assert content(values) == ["1", "59", "61"]
    assert content([dt.datetime(1900, 2, 28, 12), dt.datetime(1900, 3, 1)], US) == ["59.5", "61"]  # noqa: DTZ001


def test_date_that_the_workbook_does_not_count_is_text_or_refused():
    early = [dt.date(1899, 12, 31), dt.date(2000, 1, 1)]
    assert content(early) == ["text 1899-12-31", "36526"]
    assert content([dt.date(1903, 12, 31)], rules=ValueRules(counts_from_1904=True)) == ["text 1903-12-31"]
    assert content([dt.datetime(1899, 12, 31, 23, 59, 59, 5)], US) == ["text 1899-12-31 23:59:59.000005"]  # noqa: DTZ001
    with pytest.raises(StepError, match=r"column 'value', cell A1: it is a date that the workbook does not count"):
        cells(early, rules=ValueRules(far_dates="error"))


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("moment", [2**63 - 1, -(2**63) + 1, 10**15])
def test_moment_in_no_calendar_is_no_wrong_date(unit, moment):
    column = pa.array([moment], pa.int64()).cast(pa.timestamp(unit))

    assert all(found.startswith("text ") or 1 <= float(found) < 2_958_466 for found in content(column))


def test_moments_are_days_with_their_part_of_a_day():
    noon, late = content([dt.datetime(2024, 1, 1, 12), dt.datetime(2024, 1, 1, 0, 0, 1, 5)], US)  # noqa: DTZ001
    assert noon == "45292.5"
    assert round((float(late) - 45292) * 86_400_000_000) == 1_000_005


def test_nanoseconds_are_rounded_to_microseconds():
    half = pa.array([86_400_000_000_000 // 2 - 400, -500, -501], pa.int64()).cast(pa.timestamp("ns"))
    assert content(half) == ["25569.5", "25569", content([-1], US)[0]]


def test_moment_with_a_zone_is_its_wall_time_in_utc():
    noon = dt.datetime(2024, 1, 1, 12, tzinfo=dt.UTC)
    assert content([noon], pa.timestamp("us", "Asia/Kolkata")) == ["45292.5"]


def test_times_and_durations_are_parts_of_days():
    assert content([dt.time(12), dt.time(18)]) == ["0.5", "0.75"]
    assert content([21_600], pa.time32("s")) == ["0.25"]
    assert content([dt.timedelta(days=2, hours=6), dt.timedelta(hours=-12)]) == ["2.25", "-0.5"]
    assert content([86_400 * 10**14], pa.duration("s")) == ["1e+14"]


# What has no place in a cell


@pytest.mark.parametrize(
    ("column", "named"),
    [
        (pa.array([b"a"]), "binary"),
        (pa.array([[1]]), "list<item: int64>"),
        (pa.array([{"a": 1}]), "struct<a: int64>"),
    ],
    ids=["bytes", "list", "struct"],
)
def test_type_that_no_cell_holds_is_refused_by_name(column, named):
    with pytest.raises(StepError) as error:
        cells(column)
    assert error.value.problem.code == "AF-EXCEL-TYPE"
    assert (
        error.value.problem.message == f"column 'value' can't be written: its type is {named}, which no cell can hold"
    )


def test_slices_hold_all_rows_in_order_and_are_small():
    wide = pa.record_batch([pa.array(range(5000))] * 20, names=[str(place) for place in range(20)])
    heavy = pa.record_batch([pa.array(["x" * 30_000] * 100)], names=["a"])

    assert [piece.num_rows for piece in row_slices(wide)] == [1638, 1638, 1638, 86]
    assert sum(piece.num_rows for piece in row_slices(heavy)) == 100
    assert max(piece.num_rows for piece in row_slices(heavy)) <= 35


def test_large_dictionary_does_not_split_rows_one_by_one():
    words = pa.array([f"{number:0100d}" for number in range(20_000)]).dictionary_encode()
    pieces = list(row_slices(pa.record_batch([words], names=["a"])))

    assert sum(piece.num_rows for piece in pieces) == 20_000
    assert min(piece.num_rows for piece in pieces) >= 16


def test_slice_of_a_batch_is_rendered_as_itself():
    batch = pa.record_batch([pa.array(["a", "&", None, " d"]), pa.array([1, 2, 3, None])], names=["a", "b"])
    plan = CellPlan([ColumnStyle(), ColumnStyle()])

    whole = render_cells(batch, 1, 1, plan).to_pylist()
    parts = [render_cells(batch.slice(place, 1), place + 1, 1, plan).to_pylist()[0] for place in range(4)]

    assert [part.replace(' xml:space="preserve"', "") for part in parts] == [
        part.replace(' xml:space="preserve"', "") for part in whole
    ]
