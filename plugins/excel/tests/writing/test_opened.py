"""Other programs open what is written: LibreOffice calculates with it, excelize reads it."""

from __future__ import annotations

import pytest

from plugins.excel.tests.office import convert

pytestmark = pytest.mark.integration

CSV = """\
shop,sold,price,open,day,at,page
=1+1,12,1.5,true,2024-02-29,2024-02-29 13:05:06,https://example.com/?a=1&b=2
"two
lines",-7,0.1,false,1900-03-01,2024-03-01 00:00:00,
"""

#: LibreOffice's words for: commas, quotes, UTF-8, from the first line on, texts without quotes, numbers as shown.
AS_SHOWN = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true"


def written(workplace):
    workplace.write(
        source=workplace.write_csv(CSV),
        sheet="It's",
        table="Sales",
        hyperlinks=["page"],
        number_formats={"datetime": "yyyy-mm-dd hh:mm:ss", "float": "0.00"},
    )
    return workplace.folder / "book.xlsx"


def test_libreoffice_shows_the_values_as_they_are(workplace, tmp_path):
    (tmp_path / "made").mkdir()

    shown = convert(written(workplace), tmp_path / "made", AS_SHOWN).read_text()

    assert shown == (
        "shop,sold,price,open,day,at,page\n"
        "=1+1,12,1.50,TRUE,2024-02-29,2024-02-29 13:05:06,https://example.com/?a=1&b=2\n"
        '"two\nlines",-7,0.10,FALSE,1900-03-01,2024-03-01 00:00:00,\n'
    )


def test_what_libreoffice_makes_of_it_is_read_back(workplace, tmp_path):
    (tmp_path / "made").mkdir()

    made = convert(written(workplace), tmp_path / "made", "xlsx")

    outputs = workplace.read(made.relative_to(tmp_path), table="Sales")
    assert outputs["types"] == {
        "shop": "string",
        "sold": "int",
        "price": "float",
        "open": "bool",
        "day": "date",
        "at": "datetime",
        "page": "string",
    }
    assert (workplace.folder / "out.csv").read_text() == CSV


def test_excelize_reads_cells_table_and_link(workplace):
    import excelize

    book = excelize.open_file(str(written(workplace)))
    rows = book.get_rows("It's")
    link = book.get_cell_hyperlink("It's", "G2")
    (table,) = book.get_tables("It's")
    book.close()

    assert rows[:2] == [
        ["shop", "sold", "price", "open", "day", "at", "page"],
        ["=1+1", "12", "1.50", "TRUE", "2024-02-29", "2024-02-29 13:05:06", "https://example.com/?a=1&b=2"],
    ]
    assert link == (True, "https://example.com/?a=1&b=2")
    assert (table.name, table.range) == ("Sales", "A1:G3")
