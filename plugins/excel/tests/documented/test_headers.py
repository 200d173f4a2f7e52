"""Every way to treat a header, with rows that are written over what is there, and with rows that are put in."""

from __future__ import annotations

import pytest

from .cases import run_cases, small
from .templates import write_template

pytestmark = pytest.mark.acceptance

MARKER = {"sheet": "Report", "anchor": "ROWS HERE"}
HEAD = {"anchor": "Head", "template_has_header": True}
PLACE = {"anchor": "Place"}

OLD, NEW, BOTH = ["Name", "Amount", "Old"], ["name", "amount", None], ["name", "amount", "Old"]
ADA, BOB, SAMPLE = ["Ada", 1, None], ["Bob", 2, None], ["sample", 9, "x"]
#: What is written over a row leaves what is beside it.
ADA_OVER_SAMPLE = ["Ada", 1, "x"]
EMPTY, END = [None] * 3, ["end", None, None]


def total(formula: str) -> list[str | None]:
    return ["Total", formula, None]


OVER_IT = {
    "template": [OLD, ADA_OVER_SAMPLE, BOB, EMPTY, END],
    "override": [NEW, ADA_OVER_SAMPLE, BOB, EMPTY, END],
    "append": [BOTH, ADA_OVER_SAMPLE, BOB, EMPTY, END],
}
BELOW_IT = {
    "template": [OLD, ADA, BOB, SAMPLE, total("=SUM(C5:C7)"), EMPTY, END],
    "override": [NEW, ADA, BOB, SAMPLE, total("=SUM(C5:C7)"), EMPTY, END],
    # The new header comes in front of the old one, with its rows.
    "append": [NEW, ADA, BOB, OLD, SAMPLE, total("=SUM(C8:C8)"), EMPTY, END],
}
#: From row 4 on, columns B to D. Where the template has no header, the region begins at `sample`.
EXPECTED = {
    **{("marker", "replace", mode): rows for mode, rows in OVER_IT.items()},
    **{("head", "replace", mode): rows for mode, rows in OVER_IT.items()},
    **{("marker", "below", mode): rows for mode, rows in BELOW_IT.items()},
    **{("head", "below", mode): rows for mode, rows in BELOW_IT.items()},
    ("place", "replace", "template"): [OLD, ADA_OVER_SAMPLE, BOB, EMPTY, END],
    # What is there is taken for an old header.
    ("place", "replace", "override"): [OLD, NEW, ADA, BOB, END],
    ("place", "replace", "append"): [OLD, ["name", "amount", "x"], ADA, BOB, END],
    ("place", "below", "template"): [OLD, ADA, BOB, SAMPLE, total("=SUM(C5:C7)"), EMPTY, END],
    ("place", "below", "override"): [OLD, NEW, ADA, BOB, SAMPLE, total("=SUM(C5:C8)"), EMPTY, END],
    ("place", "below", "append"): [OLD, NEW, ADA, BOB, SAMPLE, total("=SUM(C5:C8)"), EMPTY, END],
}
ANCHORS = {"marker": MARKER, "head": HEAD, "place": PLACE}
OVERRIDE = {**HEAD, "header_mode": "override"}
CASES = {
    **{
        "_".join(key): small({**ANCHORS[key[0]], "insert": key[1], "header_mode": key[2]}) for key in EXPECTED
    },
    "kept": small({**OVERRIDE, "header_clear": False}),
    "two_wide": small({**OVERRIDE, "header_clear_width": 2}),
    "three_wide": small({**OVERRIDE, "header_clear_width": 3}),
    "wider_names": small({**OVERRIDE, "rows_json": [[1, 2, 3, 4]], "columns_json": ["k", "l", "m", "n"]}),
    "nothing_is_given": small(PLACE),
}  # fmt: skip


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("headers")
    write_template(folder / "template.xlsx")
    return run_cases(folder, CASES)


@pytest.mark.parametrize(("anchor", "insert", "mode"), EXPECTED)
def test_header_and_rows_are_where_the_page_says(outcomes, anchor, insert, mode):
    expected = EXPECTED[anchor, insert, mode]

    outcome = outcomes[f"{anchor}_{insert}_{mode}"]

    assert outcome.status == "SUCCESS", outcome.reason
    assert outcome.cells(f"B4:D{3 + len(expected)}") == expected
    assert outcome.cells("A1:D3") == [["Title", *EMPTY], [None] * 4, [None, "ROWS HERE", "note", None]]


@pytest.mark.parametrize(
    ("case", "header"),
    [
        ("kept", ["name", "amount", "Old", None]),
        ("two_wide", ["name", "amount", "Old", None]),
        ("three_wide", ["name", "amount", None, None]),
        ("wider_names", ["k", "l", "m", "n"]),
    ],
)
def test_of_an_old_header_as_much_is_cleared_as_is_asked_for(outcomes, case, header):
    assert outcomes[case].cells("B4:E4") == [header]


def test_the_template_looks_as_before_where_a_header_is_written_over(outcomes):
    sheet = outcomes["marker_replace_override"].sheet()

    # D4 was cleared, and is bold as before.
    assert [sheet[cell].font.bold for cell in ("B4", "C4", "D4")] == [True] * 3
    assert [sheet[cell].font.italic for cell in ("B5", "C5", "D5")] == [True] * 3


def test_what_was_in_force_is_told(outcomes):
    assert outcomes["nothing_is_given"].outputs["written"] == [
        {
            "name": "target", "sheet": "Report", "rows": 2, "cols": 2, "insert": "replace", "header_mode": "template",
            "header_style": "template", "type_cast": "none", "style_mode": "none", "start_cell": "B5",
            "template_has_header": False,
        }
    ]  # fmt: skip
    told = outcomes["marker_below_append"].written
    assert (told["start_cell"], told["insert"], told["header_mode"]) == ("B4", "below", "append")
    assert told["template_has_header"] is True
