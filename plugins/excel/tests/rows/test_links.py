"""Links that a worksheet is asked to have."""

from __future__ import annotations

import pyarrow as pa
import pytest

from aetherflow.kernel.api import StepError
from aetherflow_excel.rows.links import Links

pytestmark = pytest.mark.unit


def targets(values, **options):
    links = Links(options.get("columns", ["b"]), first_column=2)
    links.look_at(pa.record_batch([pa.array([1] * len(values)), pa.array(values)], names=["a", "b"]), first_row=5)
    return links.targets


def test_addresses_are_links_from_their_cells():
    values = ["https://example.org/?a=1&b=2", None, "plain", "mailto:a@example.org", "HTTP://EXAMPLE.ORG"]
    assert targets(values) == [
        ("C5", "https://example.org/?a=1&b=2"),
        ("C8", "mailto:a@example.org"),
        ("C9", "HTTP://EXAMPLE.ORG"),
    ]


@pytest.mark.parametrize(
    "value",
    [
        "file:///etc/passwd",
        "javascript:alert(1)",
        "ms-excel:ofe|u|http://example.org",
        "\\\\server\\share",
        "https://a b",
        'https://a"b',
        "https://",
        "see https://example.org",
        "https://example.org/" + "x" * 2_060,
    ],
)
def test_what_is_no_safe_address_is_no_link(value):
    assert targets([value]) == []


def test_column_without_texts_has_no_links():
    assert targets(["https://example.org"], columns=["a"]) == []


def test_column_that_is_not_there_is_refused():
    with pytest.raises(StepError, match="hyperlinks names a column 'c', which the rows don't have"):
        targets(["x"], columns=["c"])


def test_more_links_than_a_worksheet_holds_are_refused():
    assert len(targets(["https://example.org"] * 65_530)) == 65_530
    with pytest.raises(StepError, match="a worksheet holds at most 65,530 links") as error:
        targets(["https://example.org"] * 65_531)
    assert error.value.problem.code == "AF-EXCEL-LIMIT"
