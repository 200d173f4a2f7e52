"""Workbooks of other programs' libraries become files; what is expected is written down by hand."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, time, timedelta

import openpyxl
import pytest

from aetherflow.kernel.api import StepError

pytestmark = pytest.mark.unit


def make(workplace, rows, *, start="A1", title="Sales", name="book.xlsx"):
    """A workbook with one sheet, made by openpyxl."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    first = sheet[start]
    for down, row in enumerate(rows):
        for across, value in enumerate(row):
            if value is not None:
                sheet.cell(first.row + down, first.column + across, value)
    book.save(workplace.folder / name)
    return book


ROWS = [
    ["shop", "sold", "price", "open", "day", "at"],
    ["north", 12, 1.5, True, date(2024, 2, 29), datetime.fromisoformat("2024-02-29 13:05:06")],
    ['süd, "old"', 7, 2, False, date(2024, 3, 1), datetime.fromisoformat("2024-03-01 00:00:00")],
    [None, None, 0.25, None, None, None],
]
CSV = """\
shop,sold,price,open,day,at
north,12,1.5,true,2024-02-29,2024-02-29 13:05:06
"süd, ""old\""",7,2,false,2024-03-01,2024-03-01 00:00:00
,,0.25,,,
"""


class TestATable:
    def test_it_becomes_a_csv_file_with_types_and_a_digest(self, workplace):
        make(workplace, ROWS)

        outputs = workplace.read()

        written = (workplace.folder / "out.csv").read_bytes()
        assert written.decode() == CSV
        assert outputs == {
            "output": str(workplace.folder / "out.csv"),
            "sheet": "Sales",
            "range": "A1:F4",
            "columns": ["shop", "sold", "price", "open", "day", "at"],
            "types": {
                "shop": "string",
                "sold": "int",
                "price": "float",
                "open": "bool",
                "day": "date",
                "at": "datetime",
            },
            "row_count": 3,
            "sha256": hashlib.sha256(written).hexdigest(),
        }
        assert workplace.context.done == [(3, 3)]

    def test_it_becomes_a_parquet_file_with_the_same_types(self, workplace):
        from pyarrow import parquet

        make(workplace, ROWS)

        workplace.read(output="out.parquet")

        table = parquet.read_table(workplace.folder / "out.parquet")
        assert [str(field.type) for field in table.schema] == [
            "string",
            "int64",
            "double",
            "bool",
            "date32[day]",
            "timestamp[us]",
        ]
        assert table.to_pylist()[0] == {
            "shop": "north",
            "sold": 12,
            "price": 1.5,
            "open": True,
            "day": date(2024, 2, 29),
            "at": datetime.fromisoformat("2024-02-29 13:05:06"),
        }
        assert table.to_pylist()[2] == dict.fromkeys(("shop", "sold", "open", "day", "at")) | {"price": 0.25}

    def test_it_becomes_json_lines_with_numbers_as_numbers_and_dates_as_text(self, workplace):
        make(workplace, ROWS)

        assert workplace.read_text(output="out.jsonl").splitlines() == [
            '{"shop":"north","sold":12,"price":1.5,"open":true,"day":"2024-02-29","at":"2024-02-29 13:05:06"}',
            '{"shop":"süd, \\"old\\"","sold":7,"price":2.0,"open":false,"day":"2024-03-01","at":"2024-03-01 00:00:00"}',
            '{"shop":null,"sold":null,"price":0.25,"open":null,"day":null,"at":null}',
        ]

    def test_it_becomes_a_tsv_file_where_the_flow_says_so(self, workplace):
        make(workplace, [["a", "b"], ["x\ty", 1]])

        assert workplace.read_text(output="out.txt", format="tsv") == 'a\tb\n"x\ty"\t1\n'

    def test_a_sheet_that_begins_elsewhere_is_read_where_it_begins(self, workplace):
        make(workplace, [["a", "b"], [1, 2]], start="D7")

        assert workplace.read()["range"] == "D7:E8"
        assert workplace.read_text() == "a,b\n1,2\n"

    def test_a_single_column_keeps_nulls_apart_from_empty_texts(self, workplace):
        make(workplace, [["a"], ["x"], [None], ['""']])

        assert workplace.read_text(skip_empty_rows=False) == 'a\nx\n\n""""""\n'

    def test_an_empty_sheet_is_an_empty_file(self, workplace):
        make(workplace, [])

        outputs = workplace.read(output="out.jsonl")

        assert (outputs["row_count"], outputs["columns"], outputs["range"]) == (0, [], None)
        assert (workplace.folder / "out.jsonl").read_bytes() == b""


class TestTypes:
    def test_columns_whose_values_differ_are_text(self, workplace):
        rows = [["mixed"], [1], ["x"], [True], [2.5], [date(2024, 1, 2)], [time(3, 4)], [timedelta(hours=30)]]
        make(workplace, rows)

        assert workplace.read()["types"] == {"mixed": "string"}
        assert workplace.read_text().split() == ["mixed", "1", "x", "true", "2.5", "2024-01-02", "03:04:00", "30:00:00"]

    def test_dates_and_moments_together_are_moments(self, workplace):
        make(workplace, [["at"], [date(2024, 1, 2)], [datetime.fromisoformat("2024-01-02 03:04:05.678")]])

        assert workplace.read()["types"] == {"at": "datetime"}
        assert workplace.read_text() == "at\n2024-01-02 00:00:00\n2024-01-02 03:04:05.678\n"

    def test_times_of_day_are_times(self, workplace):
        make(workplace, [["at"], [time(23, 59, 58)]])

        assert workplace.read()["types"] == {"at": "time"}

    def test_whole_numbers_that_a_double_does_not_tell_apart_are_floats(self, workplace):
        make(workplace, [["n"], [2**53], [2**60]])

        assert workplace.read()["types"] == {"n": "float"}

    @pytest.mark.parametrize(
        ("word", "value", "text"),
        [
            ("string", 7, "7"),
            ("string", 1.5, "1.5"),
            ("int", "12345678901234567", "12345678901234567"),
            ("float", "1e3", "1000"),
            ("decimal(20,2)", "123456789012345678.90", "123456789012345678.90"),
            ("decimal(5,2)", 1.1, "1.10"),
            ("bool", 1, "true"),
            ("bool", "False", "false"),
            ("date", "2024-02-29", "2024-02-29"),
            ("datetime", date(2024, 2, 29), "2024-02-29 00:00:00"),
            ("time", "13:05", "13:05:00"),
        ],
    )
    def test_a_value_is_turned_into_the_type_that_the_flow_says(self, workplace, word, value, text):
        make(workplace, [["v"], [value]])

        assert workplace.read(types={"v": word})["types"] == {"v": word}
        assert workplace.read_text(types={"v": word}) == f"v\n{text}\n"

    @pytest.mark.parametrize(
        ("word", "value"),
        [
            ("int", 1.5),
            ("int", "12x"),
            ("int", 2.0**60),
            ("int", "9223372036854775808"),
            ("float", "nan"),
            ("float", True),
            ("decimal(3,1)", 12.34),
            ("decimal(3,1)", 123),
            ("bool", 2),
            ("date", datetime.fromisoformat("2024-01-01 12:00:00")),
            ("date", 45000),
            ("datetime", "2024-01-01T00:00:00+01:00"),
            ("time", "25:00"),
        ],
    )
    def test_a_value_that_is_none_of_its_type_is_told_by_its_cell(self, workplace, word, value):
        make(workplace, [["v", "w"], [None, 1], [value, 1]])

        with pytest.raises(StepError, match=r"the value of Sales!A3 is no ") as caught:
            workplace.read(types={"v": word})
        assert caught.value.problem.code == "AF-EXCEL-VALUE"
        assert not (workplace.folder / "out.csv").exists()

    def test_a_type_for_a_column_that_is_not_there_is_refused(self, workplace):
        make(workplace, [["a"], [1]])

        with pytest.raises(StepError, match="types names the column 'b'") as caught:
            workplace.read(types={"b": "int"})
        assert caught.value.problem.help == "there is: a"


class TestTheHeader:
    def test_without_one_columns_are_called_by_their_letters(self, workplace):
        make(workplace, [[1, 2], [3, 4]], start="C2")

        assert workplace.read_text(header=False) == "C,D\n1,2\n3,4\n"

    def test_without_one_the_flow_may_name_columns(self, workplace):
        make(workplace, [[1, 2]])

        assert workplace.read_text(header=False, columns=["x", "y"]) == "x,y\n1,2\n"

    def test_names_that_are_too_few_are_refused(self, workplace):
        make(workplace, [[1, 2]])

        with pytest.raises(StepError, match="columns gives 1 names") as caught:
            workplace.read(header=False, columns=["x"])
        assert caught.value.problem.code == "AF-EXCEL-COLUMNS"

    def test_it_may_stand_in_a_row_that_the_flow_names(self, workplace):
        make(workplace, [["Report"], [None], ["a", "b"], [1, 2]])

        assert workplace.read_text(header=3) == "a,b\n1,2\n"

    def test_it_may_stand_above_a_range(self, workplace):
        make(workplace, [["a", "b"], ["(eur)", "(kg)"], [1, 2]])

        assert workplace.read_text(range="A3:B3", header=1) == "a,b\n1,2\n"

    def test_a_name_twice_is_refused_with_its_cell(self, workplace):
        make(workplace, [["a", "b", "a"], [1, 2, 3]])

        with pytest.raises(StepError, match=r"two columns are called 'a', one of them at Sales!C1") as caught:
            workplace.read()
        assert caught.value.problem.code == "AF-EXCEL-HEADER"

    def test_a_name_twice_is_numbered_where_the_flow_says_so(self, workplace):
        make(workplace, [["a", "a_2", "a", "a"], [1, 2, 3, 4]])

        assert workplace.read(duplicate_columns="number")["columns"] == ["a", "a_2", "a_3", "a_4"]

    def test_a_column_without_a_name_and_values_is_left_out(self, workplace):
        make(workplace, [["a", None, "c"], [1, None, 3]])

        assert workplace.read_text() == "a,c\n1,3\n"

    def test_a_column_without_a_name_that_has_values_is_refused_with_its_cell(self, workplace):
        make(workplace, [["a", None, "c"], [1, 2, 3]])

        with pytest.raises(StepError, match=r"the header's cell Sales!B1 is empty") as caught:
            workplace.read()
        assert caught.value.problem.code == "AF-EXCEL-HEADER"

    def test_an_empty_row_is_no_header(self, workplace):
        make(workplace, [["a"], [1]])

        with pytest.raises(StepError, match="row 9 of the sheet 'Sales' is empty"):
            workplace.read(header=9)

    def test_numbers_and_dates_are_names_by_their_texts(self, workplace):
        make(workplace, [[2024, date(2024, 1, 1), " b "], [1, 2, 3]])

        assert workplace.read()["columns"] == ["2024", "2024-01-01", "b"]


class TestRows:
    def test_empty_rows_are_left_out(self, workplace):
        make(workplace, [["a", "b"], [1, None], [None, None], [None, 2]])

        assert workplace.read_text() == "a,b\n1,\n,2\n"

    def test_empty_rows_stay_where_the_flow_says_so(self, workplace):
        make(workplace, [["a", "b"], [1, None], [None, None], [None, 2]])

        assert workplace.read_text(skip_empty_rows=False) == "a,b\n1,\n,\n,2\n"

    def test_too_few_are_a_skip_and_no_file(self, workplace):
        make(workplace, [["a"], [1]])

        outputs = workplace.read(min_rows=2)

        assert outputs["reason"] == "row_count(1) < min_rows(2)"
        assert (outputs["row_count"], outputs["sha256"]) == (1, None)
        assert not (workplace.folder / "out.csv").exists()

    def test_too_many_are_an_error_and_no_file(self, workplace):
        make(workplace, [["a"], [1], [2], [3]])

        with pytest.raises(StepError, match="there are 3 rows") as caught:
            workplace.read(max_rows=2)
        assert caught.value.problem.code == "AF-EXCEL-TOO-MANY-ROWS"
        assert not (workplace.folder / "out.csv").exists()

    def test_more_than_a_batch_come_in_order(self, workplace):
        make(workplace, [["n"], *([number] for number in range(20_000))])

        outputs = workplace.read()

        assert outputs["row_count"] == 20_000
        assert workplace.context.done == [(8192, 20_000), (16384, 20_000), (20_000, 20_000)]
        assert (workplace.folder / "out.csv").read_text().split() == ["n", *map(str, range(20_000))]

    def test_a_step_that_must_stop_stops_and_leaves_what_was_there(self, workplace):
        make(workplace, [["a"], [1]])
        (workplace.folder / "out.csv").write_text("old")
        workplace.context.cancelled.set()

        with pytest.raises(StepError, match="stopped") as caught:
            workplace.read()
        assert caught.value.problem.code == "AF-EXCEL-STOPPED"
        assert (workplace.folder / "out.csv").read_text() == "old"


class TestAFolderInTheWay:
    def test_it_is_told(self, workplace):
        make(workplace, [["a"], [1]])
        (workplace.folder / "out.csv").mkdir()

        with pytest.raises(StepError, match=r"out\.csv can't be written") as caught:
            workplace.read()
        assert caught.value.problem.code == "AF-EXCEL-OUTPUT"
