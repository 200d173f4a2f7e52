"""New workbooks, read back by openpyxl and calamine; what is expected is written down by hand."""

from __future__ import annotations

import hashlib
import os
import time as clock
import zipfile
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from aetherflow.kernel.api import StepError

pytestmark = pytest.mark.unit

MOMENT = datetime.fromisoformat("2024-02-29 13:05:06.250")


def opened(workplace, name="book.xlsx"):
    return openpyxl.load_workbook(workplace.folder / name)


def values(workplace, name="book.xlsx", sheet=0):
    """The rows as openpyxl sees them."""
    return [list(row) for row in opened(workplace, name).worksheets[sheet].iter_rows(values_only=True)]


def calamine_values(workplace, name="book.xlsx", sheet=0):
    """The rows as calamine sees them; an empty cell is an empty text."""
    return CalamineWorkbook.from_path(workplace.folder / name).get_sheet_by_index(sheet).to_python()


CSV = """\
shop,sold,price,open,day,at
north,12,1.5,true,2024-02-29,2024-02-29 13:05:06.25
south,-7,0.1,false,1900-03-01,2024-03-01 00:00:00
,0,,,,
"""


class TestACsvFile:
    def test_it_becomes_a_sheet_with_the_types_that_its_values_have(self, workplace):
        outputs = workplace.write(source=workplace.write_csv(CSV), sheet="Sales")

        path = workplace.folder / "book.xlsx"
        assert outputs == {
            "output": str(path),
            "sheets": [{"name": "Sales", "rows": 3, "columns": 6}],
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "size": path.stat().st_size,
        }
        assert opened(workplace).sheetnames == ["Sales"]
        assert values(workplace) == [
            ["shop", "sold", "price", "open", "day", "at"],
            ["north", 12, 1.5, True, datetime.fromisoformat("2024-02-29"), MOMENT],
            ["south", -7, 0.1, False, datetime.fromisoformat("1900-03-01"), datetime.fromisoformat("2024-03-01")],
            [None, 0, None, None, None, None],
        ]
        assert calamine_values(workplace) == [
            ["shop", "sold", "price", "open", "day", "at"],
            ["north", 12.0, 1.5, True, date(2024, 2, 29), MOMENT],
            ["south", -7.0, 0.1, False, date(1900, 3, 1), date(2024, 3, 1)],
            ["", 0.0, "", "", "", ""],
        ]

    def test_it_stays_text_where_the_flow_says_so(self, workplace):
        workplace.write(source=workplace.write_csv("a,b\n1,2024-02-29\n"), type_cast="none")

        assert values(workplace) == [["a", "b"], ["1", "2024-02-29"]]

    def test_it_has_the_types_that_the_flow_declares(self, workplace):
        source = workplace.write_csv("id,day,n\n007,2024-02-29,3\n")

        workplace.write(source=source, dtypes={"id": "string", "day": "date", "n": "float"})

        assert values(workplace) == [["id", "day", "n"], ["007", datetime.fromisoformat("2024-02-29"), 3]]

    def test_ids_with_leading_zeros_and_many_digits_stay_text(self, workplace):
        workplace.write(source=workplace.write_csv("a,b\n007,12345678901234567890\n"))

        assert values(workplace)[1] == ["007", "12345678901234567890"]

    def test_other_marks_and_encodings_are_read(self, workplace):
        (workplace.folder / "rows.txt").write_bytes("n;größe\n1;'a;ß'\n".encode("cp1252"))

        workplace.write(source="rows.txt", source_format="csv", delimiter=";", quotechar="'", encoding="cp1252")

        assert values(workplace) == [["n", "größe"], [1, "a;ß"]]

    def test_without_a_header_the_flow_names_its_columns(self, workplace):
        workplace.write(source=workplace.write_csv("1,2\n"), read_header=False, columns=["x", "y"])

        assert values(workplace) == [["x", "y"], [1, 2]]

    def test_a_sheet_may_have_no_header(self, workplace):
        workplace.write(source=workplace.write_csv("a,b\n1,2\n"), header=False)

        assert values(workplace) == [[1, 2]]
        assert opened(workplace).active.freeze_panes is None
        assert opened(workplace).active.auto_filter.ref is None

    def test_a_tsv_file_is_one_too(self, workplace):
        workplace.write(source=workplace.write_csv("a\tb\n1\tx y\n", "rows.tsv"))

        assert values(workplace) == [["a", "b"], [1, "x y"]]

    def test_one_without_rows_is_a_header(self, workplace):
        assert workplace.write(source=workplace.write_csv("a,b\n"))["sheets"] == [
            {"name": "Sheet1", "rows": 0, "columns": 2}
        ]
        assert values(workplace) == [["a", "b"]]

    def test_an_empty_one_is_an_empty_sheet(self, workplace):
        assert workplace.write(source=workplace.write_csv(""))["sheets"] == [
            {"name": "Sheet1", "rows": 0, "columns": 0}
        ]
        assert calamine_values(workplace) == []


class TestTypes:
    @pytest.mark.parametrize(
        ("kind", "value", "openpyxl_value", "calamine_value"),
        [
            ("bool_", True, True, True),
            ("int8", -128, -128, -128.0),
            ("uint64", 999_999_999_999_999, 999_999_999_999_999, 999_999_999_999_999.0),
            ("int64", 2**53 + 1, "9007199254740993", "9007199254740993"),
            ("uint64", 2**64 - 1, "18446744073709551615", "18446744073709551615"),
            ("float64", 0.1 + 0.2, 0.30000000000000004, 0.30000000000000004),
            ("float64", -1e300, -1e300, -1e300),
            ("float64", 5e-324, 5e-324, 5e-324),
            ("float32", 1.5, 1.5, 1.5),
            ("string", "text", "text", "text"),
            ("large_string", "text", "text", "text"),
            ("string", "", None, ""),
            ("date32", date(2024, 2, 29), datetime.fromisoformat("2024-02-29"), date(2024, 2, 29)),
            ("date32", date(1900, 1, 1), datetime.fromisoformat("1900-01-01"), date(1900, 1, 1)),
            ("date32", date(9999, 12, 31), datetime.fromisoformat("9999-12-31"), date(9999, 12, 31)),
            ("date32", date(1899, 12, 31), "1899-12-31", "1899-12-31"),
            ("time64", time(13, 5, 6), time(13, 5, 6), time(13, 5, 6)),
            ("timestamp", MOMENT, MOMENT, MOMENT),
            ("timestamp_utc", datetime(2024, 2, 29, 23, 30, tzinfo=UTC), "2024-02-29 23:30:00", "2024-02-29 23:30:00"),
            ("decimal", Decimal("123456789012.345"), 123456789012.345, 123456789012.345),
            ("decimal", Decimal("12345678901234567890.123"), "12345678901234567890.123", "12345678901234567890.123"),
            ("duration", timedelta(hours=30), timedelta(hours=30), timedelta(hours=30)),
        ],
    )
    def test_a_value_of_parquet_is_read_back_as_what_it_is(
        self, workplace, kind, value, openpyxl_value, calamine_value
    ):
        import pyarrow as pa

        makers = {
            "time64": lambda: pa.time64("us"),
            "timestamp": lambda: pa.timestamp("us"),
            "timestamp_utc": lambda: pa.timestamp("us", "UTC"),
            "decimal": lambda: pa.decimal128(38, 3),
            "duration": lambda: pa.duration("us"),
        }
        arrow_type = makers.get(kind, getattr(pa, kind, None))()
        source = workplace.write_parquet({"v": pa.array([value, None], arrow_type), "n": pa.array([1, 2])})

        workplace.write(source=source)

        found, from_calamine = values(workplace), calamine_values(workplace)
        expected = [
            datetime.fromisoformat(each) if kind == "timestamp_utc" else each
            for each in (openpyxl_value, calamine_value)
        ]
        assert (found[1][0], type(found[1][0])) == (expected[0], type(expected[0]))
        assert (from_calamine[1][0], type(from_calamine[1][0])) == (expected[1], type(expected[1]))
        assert (found[2], from_calamine[2]) == ([None, 2], ["", 2.0])

    def test_numbers_that_a_worksheet_rounds_are_rounded_where_the_flow_says_so(self, workplace):
        import pyarrow as pa

        workplace.write(source=workplace.write_parquet({"v": pa.array([2**53 + 1])}), exact="number")

        assert calamine_values(workplace)[1] == [9007199254740992.0]

    def test_a_number_that_is_none_is_told_by_its_cell(self, workplace):
        source = workplace.write_parquet({"a": [1.0, 2.0], "v": [1.0, float("nan")]})

        with pytest.raises(StepError, match=r"column 'v', cell B3: it is no finite number") as caught:
            workplace.write(source=source)
        assert caught.value.problem.code == "AF-EXCEL-VALUE"
        assert not (workplace.folder / "book.xlsx").exists()

    def test_a_number_that_is_none_leaves_its_cell_empty_where_the_flow_says_so(self, workplace):
        workplace.write(source=workplace.write_parquet({"v": [1.0, float("inf")], "w": [1, 2]}), not_finite="empty")

        assert values(workplace) == [["v", "w"], [1, 1], [None, 2]]

    def test_a_far_date_is_told_by_its_cell_where_the_flow_says_so(self, workplace):
        with pytest.raises(StepError, match=r"column 'v', cell A2: it is a date that the workbook does not count"):
            workplace.write(source=workplace.write_parquet({"v": [date(1066, 10, 14)]}), far_dates="error")

    @pytest.mark.parametrize("value", [[b"\x00"], [[1]], [{"a": 1}]])
    def test_a_type_that_no_cell_holds_is_told_by_its_column(self, workplace, value):
        with pytest.raises(StepError, match="column 'v' can't be written") as caught:
            workplace.write(source=workplace.write_parquet({"v": value}))
        assert caught.value.problem.code == "AF-EXCEL-TYPE"


class TestTexts:
    TEXTS = (
        "=1+1",
        "+49 89",
        "-",
        "@SUM(A1)",
        "\tx",
        "\rx",
        "{=1}",
        "007",
        "1e5",
        "https://example.com/?a=1&b=2",
        "internal:Sheet1!A1",
        " spaces ",
        "two\nlines",
        "<r>not rich</r>",
        "<b>&amp;]]>",
        "_x0041_",
        "_x005F_",
        "\x00\x01\x1f",
        "a\x0bb",
        "💶 ü 中",
        "'",
        '"',
        "x" * 32_767,
        "💶" * 16_383,
    )

    def test_they_are_read_back_as_they_are_and_none_is_a_formula(self, workplace):
        workplace.write(source=workplace.write_parquet({"t": list(self.TEXTS)}))

        assert [row[0] for row in calamine_values(workplace)[1:]] == list(self.TEXTS)
        found = list(opened(workplace).active["A"])[1:]
        from openpyxl.utils.escape import unescape

        assert [unescape(cell.value) for cell in found] == list(self.TEXTS)
        assert {cell.data_type for cell in found} == {"s"}

    def test_those_that_begin_as_a_formula_keep_that_when_they_are_edited(self, workplace):
        workplace.write(source=workplace.write_parquet({"t": ["=1", "+1", "-1", "@x", "\tx", "\rx", "x=1"]}))

        quoted = [bool(cell.quotePrefix) for cell in list(opened(workplace).active["A"])[1:]]
        assert quoted == [True] * 6 + [False]

    def test_a_header_is_text_too(self, workplace):
        workplace.write(source=workplace.write_csv('"=1+1","<r>x</r>"\n1,2\n'))

        assert values(workplace)[0] == ["=1+1", "<r>x</r>"]
        assert opened(workplace).active["A1"].data_type == "s"

    def test_one_that_is_longer_than_a_cell_is_told_by_its_cell(self, workplace):
        source = workplace.write_parquet({"a": ["", ""], "t": ["x", "💶" * 16_384]})

        with pytest.raises(StepError, match=r"column 't', cell B3: its text is longer than 32,767 characters"):
            workplace.write(source=source)


class TestLooks:
    def test_a_header_is_bold_stays_in_sight_and_filters(self, workplace):
        workplace.write(source=workplace.write_csv("a,b\n1,2\n3,4\n"))

        sheet = opened(workplace).active
        assert [cell.font.b for cell in sheet[1]] == [True, True]
        assert [cell.font.b for cell in sheet[2]] == [False, False]
        assert (sheet.freeze_panes, sheet.auto_filter.ref, sheet.dimensions) == ("A2", "A1:B3", "A1:B3")

    def test_none_of_that_where_the_flow_says_so(self, workplace):
        source = workplace.write_csv("a,b\n1,2\n")

        workplace.write(source=source, header_bold=False, freeze_panes=False, autofilter=False)

        sheet = opened(workplace).active
        assert not sheet["A1"].font.b
        assert (sheet.freeze_panes, sheet.auto_filter.ref) == (None, None)

    def test_number_formats_are_those_of_types_and_columns(self, workplace):
        source = workplace.write_csv("day,at,n,x,y\n2024-02-29,2024-02-29 10:00:00,1,1.5,2.5\n")

        workplace.write(
            source=source,
            number_formats={"date": "dd.mm.yyyy", "float": "0.00", "int": "#,##0"},
            column_formats={"y": '0.0 "kg"'},
        )

        formats = [cell.number_format for cell in opened(workplace).active[2]]
        assert formats == ["dd.mm.yyyy", "yyyy-mm-dd hh:mm:ss", "#,##0", "0.00", '0.0 "kg"']

    def test_columns_are_as_wide_as_the_flow_says_or_the_values_need(self, workplace):
        rows = "n,text,day,wide\n1," + "x" * 30 + ",2024-02-29," + "y" * 300 + "\n"

        workplace.write(source=workplace.write_csv(rows), column_widths={"n": 20}, autofilter=False)

        sheet = opened(workplace).active
        widths = [sheet.column_dimensions[letter].width for letter in "ABCD"]
        # What a program shows as 20 is written as 20.71.
        assert widths == pytest.approx([20.71, 32.21, 12.21, 60.71], abs=0.1)

    def test_a_table_has_the_rows_and_filters_itself(self, workplace):
        workplace.write(source=workplace.write_csv("a,b\n1,2\n3,4\n"), table="Sales", table_style="Table Style Light 1")

        sheet = opened(workplace).active
        table = sheet.tables["Sales"]
        assert (table.ref, table.autoFilter.ref, sheet.auto_filter.ref) == ("A1:B3", "A1:B3", None)
        assert [column.name for column in table.tableColumns] == ["a", "b"]
        assert table.tableStyleInfo.name == "TableStyleLight1"
        assert values(workplace) == [["a", "b"], [1, 2], [3, 4]]

    def test_a_table_without_rows_has_room_for_one(self, workplace):
        workplace.write(source=workplace.write_csv("a,b\n"), table="Sales")

        assert opened(workplace).active.tables["Sales"].ref == "A1:B2"

    def test_a_table_may_have_no_header(self, workplace):
        workplace.write(source=workplace.write_csv("a,b\n1,2\n3,4\n"), table="Sales", header=False)

        table = opened(workplace).active.tables["Sales"]
        assert (table.ref, table.headerRowCount) == ("A1:B2", 0)

    def test_a_table_may_look_plain(self, workplace):
        workplace.write(source=workplace.write_csv("a\n1\n"), table="Sales", table_style=None)

        assert opened(workplace).active.tables["Sales"].tableStyleInfo.name is None

    def test_links_are_those_of_columns_that_the_flow_names(self, workplace):
        rows = "link,text\nhttps://example.com/?a=1&b=ü,https://example.com/\nfile:///etc/passwd,x\n,\nmailto:a@b.c,y\n"
        rows += "https://a b,\nhttps://a\x01b,\nHTTPS://A.B/,\n"

        workplace.write(source=workplace.write_csv(rows), hyperlinks=["link"])

        sheet = opened(workplace).active
        targets = [cell.hyperlink and cell.hyperlink.target for cell in sheet["A"]]
        found = [None, "https://example.com/?a=1&b=ü", None, None, "mailto:a@b.c", None, None, "HTTPS://A.B/"]
        assert targets == found
        assert [cell.hyperlink for cell in sheet["B"]] == [None] * 8
        assert [cell.value for cell in sheet["A"]][1:3] == ["https://example.com/?a=1&b=ü", "file:///etc/passwd"]
        assert sheet["A2"].font.u == "single"

    def test_a_link_longer_than_programs_take_stays_text(self, workplace):
        address = "https://example.com/" + "x" * 2100

        workplace.write(source=workplace.write_csv(f"link\n{address}\n"), hyperlinks=["link"])

        cell = opened(workplace).active["A2"]
        assert (cell.value, cell.hyperlink) == (address, None)

    def test_more_links_than_a_sheet_may_have_are_refused(self, workplace):
        source = workplace.write_parquet({"link": ["https://example.com/"] * 65_531})

        with pytest.raises(StepError, match="at most 65,530 links") as caught:
            workplace.write(source=source, hyperlinks=["link"])
        assert caught.value.problem.code == "AF-EXCEL-LIMIT"


class TestSeveralSheets:
    def test_they_stand_in_their_order_each_with_its_own_and_what_holds_for_all(self, workplace):
        workplace.write_csv("a\n1\n", "one.csv")
        workplace.write_csv("b\n2\n3\n", "two.csv")

        outputs = workplace.write(
            sheets=[
                {"name": "Zwei", "source": "two.csv", "type_cast": "none"},
                {"name": "Eins", "source": "one.csv", "table": "Ones", "header_bold": True},
                {"name": "It's", "source": "one.csv", "column_widths": {"a": 40}},
            ],
            header_bold=False,
        )

        assert outputs["sheets"] == [
            {"name": "Zwei", "rows": 2, "columns": 1},
            {"name": "Eins", "rows": 1, "columns": 1},
            {"name": "It's", "rows": 1, "columns": 1},
        ]
        book = opened(workplace)
        assert book.sheetnames == ["Zwei", "Eins", "It's"]
        assert [values(workplace, sheet=number) for number in range(3)] == [
            [["b"], ["2"], ["3"]],
            [["a"], [1]],
            [["a"], [1]],
        ]
        assert [sheet["A1"].font.b for sheet in book] == [False, True, False]
        assert [list(sheet.tables) for sheet in book] == [[], ["Ones"], []]
        assert workplace.context.done[-1] == (4, 4)


class TestTheBytes:
    def test_equal_inputs_give_equal_bytes_at_another_time_in_another_zone(self, workplace, monkeypatch):
        source = workplace.write_csv(CSV)
        first = workplace.write("one.xlsx", source=source, table="Sales")
        monkeypatch.setenv("TZ", "Pacific/Auckland")
        clock.tzset()
        os.utime(workplace.folder / source, (0, 0))

        second = workplace.write("two.xlsx", source=source, table="Sales")

        assert first["sha256"] == second["sha256"]

    def test_the_date_is_the_one_that_the_flow_gives(self, workplace):
        workplace.write(source=workplace.write_csv("a\n1\n"), created="2024-02-29")

        assert opened(workplace).properties.created == datetime.fromisoformat("2024-02-29")
        with zipfile.ZipFile(workplace.folder / "book.xlsx") as packed:
            assert {info.date_time for info in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}

    def test_progress_is_told_in_rows(self, workplace):
        import pyarrow as pa

        workplace.write(source=workplace.write_parquet({"n": pa.array(range(50_000))}))

        assert workplace.context.done[-1] == (50_000, 50_000)
        assert len(workplace.context.done) > 1


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        "name", ["a[b", "a]b", "a:b", "a*b", "a?b", "a/b", "a\\b", "'a", "a'", "history", "a\x07", " ", "💶" * 16]
    )
    def test_names_that_no_sheet_may_have(self, workplace, name):
        with pytest.raises(StepError, match="no sheet may be called") as caught:
            workplace.write(source=workplace.write_csv("a\n"), sheet=name)
        assert caught.value.problem.code == "AF-EXCEL-SHEET-NAME"

    def test_a_name_longer_than_31_characters(self, workplace):
        with pytest.raises(ValueError, match="validation error"):
            workplace.write(source=workplace.write_csv("a\n"), sheet="x" * 32)
        assert workplace.write(source="rows.csv", sheet="x" * 31)["sheets"][0]["name"] == "x" * 31

    def test_two_sheets_of_one_name_whatever_its_capitals(self, workplace):
        source = workplace.write_csv("a\n")

        with pytest.raises(StepError, match="two sheets are called 'Sales' and 'SALES'"):
            workplace.write(sheets=[{"name": "Sales", "source": source}, {"name": "SALES", "source": source}])

    @pytest.mark.parametrize("name", ["A1", "xfd1048576", "R1C1", "r", "C", "1a", "a b", "a-b", "ä"])
    def test_names_that_no_table_may_have(self, workplace, name):
        with pytest.raises(StepError, match="no table may be called") as caught:
            workplace.write(source=workplace.write_csv("a\n"), table=name)
        assert caught.value.problem.code == "AF-EXCEL-TABLE-NAME"

    def test_two_tables_of_one_name(self, workplace):
        sheet = {"source": workplace.write_csv("a\n"), "table": "Sales"}

        with pytest.raises(StepError, match="two tables are called 'Sales'"):
            workplace.write(sheets=[{**sheet, "name": "A"}, {**sheet, "name": "B"}])

    @pytest.mark.parametrize(
        ("header", "message"),
        [
            ("a,A", r"two columns of rows\.csv are called 'a' and 'A'"),
            ("a,", "no column of a table may be called ''"),
            ('a,"b\nc"', "no column of a table may be called"),
            ("a,b\x01", "no column of a table may be called"),
            ("a," + "b" * 256, "no column of a table may be called"),
        ],
    )
    def test_columns_that_a_table_can_t_have(self, workplace, header, message):
        with pytest.raises(StepError, match=message) as caught:
            workplace.write(source=workplace.write_csv(f"{header}\n1,2\n"), table="Sales")
        assert caught.value.problem.code == "AF-EXCEL-COLUMNS"

    @pytest.mark.parametrize(
        "inputs",
        [{"column_widths": {"b": 3}}, {"column_formats": {"b": "0"}}, {"hyperlinks": ["b"]}, {"dtypes": {"b": "int"}}],
    )
    def test_columns_that_the_file_does_not_have(self, workplace, inputs):
        with pytest.raises(StepError, match=r"names (the|a) column 'b'") as caught:
            workplace.write(source=workplace.write_csv("a\n1\n"), **inputs)
        assert caught.value.problem.code == "AF-EXCEL-COLUMNS"

    @pytest.mark.parametrize("code", ['"kg', "[h", "0]", "a\\", "0;0;0;0;0", "0\x01", '0"a"b"'])
    @pytest.mark.parametrize("option", ["number_formats", "column_formats"])
    def test_number_formats_that_are_none(self, workplace, code, option):
        formats = {"int" if option == "number_formats" else "a": code}

        with pytest.raises(StepError, match="is no number format") as caught:
            workplace.write(source=workplace.write_csv("a\n1\n"), **{option: formats})
        assert caught.value.problem.code == "AF-EXCEL-NUMBER-FORMAT"

    @pytest.mark.parametrize(
        "code", ['#,##0.00 "[kg"', "[Red]-0;[h]:mm", r"0\"", "_-* #,##0_-;@", "[$€-407] 0", "General"]
    )
    def test_number_formats_that_are_some(self, workplace, code):
        workplace.write(source=workplace.write_csv("a\n1\n"), column_formats={"a": code})

        assert opened(workplace).active["A2"].number_format == code

    def test_more_rows_than_a_sheet_has_before_anything_is_written(self, workplace):
        import pyarrow as pa

        source = workplace.write_parquet({"n": pa.nulls(1_048_576, pa.int8())})

        with pytest.raises(StepError, match="1,048,577 rows from row 1 on don't fit into a worksheet") as caught:
            workplace.write(source=source)
        assert caught.value.problem.code == "AF-EXCEL-LIMIT"
        assert workplace.context.done == []

    def test_more_columns_than_a_sheet_has(self, workplace):
        header = ",".join(f"c{number}" for number in range(16_385))

        with pytest.raises(StepError, match="16,385 columns from column 1 on don't fit into a worksheet"):
            workplace.write(source=workplace.write_csv(f"{header}\n"))

    def test_a_value_that_is_none_of_its_type(self, workplace):
        with pytest.raises(StepError, match="column 'a', row 2 of the rows: the value is no int") as caught:
            workplace.write(source=workplace.write_csv("a\n1\nx\n"), dtypes={"a": "int"})
        assert caught.value.problem.code == "AF-EXCEL-VALUE"

    @pytest.mark.parametrize(
        ("inputs", "code"),
        [
            ({"source": "rows.dat"}, "AF-EXCEL-FORMAT"),
            ({"source": "missing.csv"}, "AF-EXCEL-SOURCE"),
            ({"source": "missing.parquet"}, "AF-EXCEL-SOURCE"),
            ({"source": "rows.csv", "output": "book.xls"}, "AF-EXCEL-FORMAT"),
            ({"source": "rows.csv", "created": "2024-02-30"}, "AF-EXCEL-VALUE"),
            ({"source": "rows.csv", "columns": ["a"]}, "AF-EXCEL-COLUMNS"),
            ({"source": "rows.csv", "dtypes": {"a": "number"}}, "AF-EXCEL-TYPE"),
        ],
    )
    def test_other_mistakes_have_their_codes(self, workplace, inputs, code):
        workplace.write_csv("a\n1\n")
        workplace.write_csv("a\n1\n", "rows.dat")

        with pytest.raises(StepError) as caught:
            workplace.write(**inputs)
        assert caught.value.problem.code == code
        assert list(workplace.folder.glob("book.*")) == []

    @pytest.mark.parametrize(
        "inputs",
        [
            {},
            {"source": "rows.csv", "sheets": [{"name": "A", "source": "rows.csv"}]},
            {"sheets": []},
            {"sheets": [{"name": "A", "source": "rows.csv"}], "sheet": "B"},
            {"sheets": [{"name": "A", "source": "rows.csv"}], "table": "B"},
            {"sheets": [{"name": "A", "source": "rows.csv"}], "dtypes": {"a": "int"}},
            {"sheets": [{"name": "A", "source": "rows.csv", "dtypes": {"a": "int"}}], "type_cast": "none"},
            {"source": "rows.csv", "dtypes": {"a": "int"}, "type_cast": "basic"},
            {"source": "rows.csv", "number_formats": {"string": "@"}},
            {"source": "rows.csv", "column_widths": {"a": 0}},
            {"source": "rows.csv", "table_style": "Nice"},
        ],
    )
    def test_inputs_that_contradict_each_other(self, workplace, inputs):
        workplace.write_csv("a\n1\n")

        with pytest.raises(ValueError, match="validation error"):
            workplace.write(**inputs)

    def test_a_step_that_must_stop_stops_and_leaves_what_was_there(self, workplace):
        (workplace.folder / "book.xlsx").write_text("old")
        workplace.context.cancelled.set()

        with pytest.raises(StepError, match="stopped") as caught:
            workplace.write(source=workplace.write_csv("a\n1\n"))
        assert caught.value.problem.code == "AF-EXCEL-STOPPED"
        assert (workplace.folder / "book.xlsx").read_text() == "old"
        assert list((workplace.folder / "scratch").iterdir()) == []

    def test_a_folder_in_the_way(self, workplace):
        (workplace.folder / "book.xlsx").mkdir()

        with pytest.raises(StepError, match=r"book\.xlsx can't be written") as caught:
            workplace.write(source=workplace.write_csv("a\n1\n"))
        assert caught.value.problem.code == "AF-EXCEL-OUTPUT"
