"""Which sheets show results that may be wrong after a sheet has changed."""

from __future__ import annotations

import pytest

from aetherflow_excel.moving.reach import stale_sheets
from aetherflow_excel.moving.survey import survey_sheet

pytestmark = pytest.mark.unit

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
SHEETS = ("Data", "Second", "Third", "Last")


def stale(formulas, names=None, tables=None, changed=("Data",)):
    surveys = [
        survey_sheet([f"<worksheet {MAIN}><c><f>{formulas[name]}</f></c></worksheet>".encode()], name)
        if name in formulas
        else survey_sheet([f"<worksheet {MAIN}/>".encode()], name)
        for name in SHEETS
    ]
    return stale_sheets(changed, surveys, names or {}, tables or {})


@pytest.mark.parametrize(
    ("formulas", "names", "expected"),
    [
        ({}, {}, {"data"}),
        ({"Second": "A1+1"}, {}, {"data"}),
        ({"Second": "DATA!A1"}, {}, {"data", "second"}),
        ({"Second": "Data!A:A", "Third": "Second!A1"}, {}, {"data", "second", "third"}),
        ({"Last": "Third!A1", "Third": "Second!A1", "Second": "Data!A1"}, {}, {"data", "second", "third", "last"}),
        ({"Third": "Second!A1", "Last": "Third!A1"}, {}, {"data"}),
        ({"Second": "SUM(Data:Third!A1)"}, {}, {"data", "second"}),
        ({"Data": "Last!A1"}, {}, {"data"}),
        ({"Second": "[1]Data!A1"}, {}, {"data"}),
        ({"Second": "Total*2"}, {"total": "Data!$A$9"}, {"data", "second"}),
        ({"Second": "Total*2"}, {"Total": "Sum_*2", "sum_": "Data!$A$9"}, {"data", "second"}),
        ({"Second": "Total*2"}, {"Total": "Last!$A$9"}, {"data"}),
        ({"Second": "Third!Total"}, {"Total": "Data!$A$9"}, {"data", "second"}),
        ({"Second": "SUM(Sales[x])"}, {}, {"data", "second"}),
        ({"Second": "SUM(Ships[x])"}, {}, {"data"}),
        ({"Second": 'INDIRECT("Da"&amp;"ta!A1")'}, {}, {"data", "second"}),
        ({"Second": "Found"}, {"Found": 'INDIRECT("Data!A1")'}, {"data", "second"}),
    ],
)
def test_a_sheet_is_stale_where_its_formulas_lead_to_a_changed_one(formulas, names, expected):
    assert stale(formulas, names, {"Sales": "Data", "Ships": "Last"}) == expected
