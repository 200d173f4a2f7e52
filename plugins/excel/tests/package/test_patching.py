"""XML is edited as a stream, and what no edit touches stays the same bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given, strategies as st

from aetherflow_excel.package.patching import Edit, Patcher, patch, patched
from aetherflow_excel.package.problems import BrokenPart

pytestmark = pytest.mark.unit

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
SHEET = (
    f'<?xml version="1.0"?>\n<worksheet {MAIN} note="a > b">'
    '<sheetData><row r="1"><c r="A1"><v>1</v></c><c r="B1"/></row>\n  <row r="2" />'
    '<!-- > --><row r=\'3\' ht = \'4\'><c r="A3" t="str"><f>A1&amp;"x"</f><v>/></v></c></row></sheetData></worksheet>'
).encode()


class Editor(Patcher):
    """Edits by tables: what to do with a tag, the new text of a tag, what to put at its end."""

    def __init__(
        self, starts: Mapping[str, Edit] = {}, texts: Mapping[str, str] = {}, ends: Mapping[str, bytes] = {}
    ) -> None:
        self.starts, self.texts, self.ends = starts, texts, ends

    def start(self, tag: str, attributes: Mapping[str, str]) -> Edit | None:
        return self.starts.get(f"{tag} {attributes.get('r', '')}".strip()) or self.starts.get(tag)

    def takes_text(self, tag: str) -> bool:
        return tag in self.texts

    def text(self, tag: str, text: str) -> str | None:
        return self.texts[tag]

    def end(self, tag: str) -> Iterable[bytes]:
        return (self.ends[tag],) if tag in self.ends else ()


def in_pieces(xml: bytes, size: int, patcher: Patcher) -> bytes:
    return b"".join(patch((xml[start : start + size] for start in range(0, len(xml), size)), patcher))


def test_without_edits_every_byte_is_the_same():
    assert patched(SHEET, Patcher()) == SHEET


@pytest.mark.parametrize(
    ("editor", "old", "new"),
    [
        (Editor({"main:row 3": Edit({"r": "7"})}), "<row r='3' ht = '4'>", "<row r=\"7\" ht = '4'>"),
        (Editor({"main:row 3": Edit({"ht": None})}), "<row r='3' ht = '4'>", "<row r='3'>"),
        (Editor({"main:row 2": Edit({"s": 'a"<b'})}), '<row r="2" />', '<row r="2" s="a&quot;&lt;b"/>'),
        (Editor({"main:c A1": Edit(drop=True)}), '<c r="A1"><v>1</v></c>', ""),
        (Editor({"main:c B1": Edit(drop=True)}), '<c r="B1"/>', ""),
        (Editor({"main:row 2": Edit(drop=True)}), '<row r="2" />', ""),
        (Editor({"main:row 3": Edit(before=(b"<row/>", b"<row/>"))}), "<row r='3'", "<row/><row/><row r='3'"),
        (
            Editor({"main:c A3": Edit(drop=True, before=(b"<c/>",))}),
            '<c r="A3" t="str"><f>A1&amp;"x"</f><v>/></v></c>',
            "<c/>",
        ),
        (Editor(texts={"main:f": "A2<3"}), 'A1&amp;"x"', "A2&lt;3"),
        (Editor(ends={"main:sheetData": b"<row/>"}), "</sheetData>", "<row/></sheetData>"),
    ],
)
def test_an_edit_changes_its_element_and_nothing_else(editor, old, new):
    expected = SHEET.replace(old.encode(), new.encode())
    assert expected != SHEET
    assert patched(SHEET, editor) == expected
    assert {in_pieces(SHEET, size, editor) for size in (1, 2, 3, 7, 64)} == {expected}


def test_an_empty_element_is_opened_for_what_comes_into_it():
    xml = f"<x:worksheet xmlns:x={MAIN.partition('=')[2]}><x:sheetData /></x:worksheet>".encode()
    assert patched(xml, Editor(ends={"main:sheetData": b"<x:row/>"})) == xml.replace(
        b"<x:sheetData />", b"<x:sheetData><x:row/></x:sheetData>"
    )


def test_an_attribute_within_the_value_of_another_one_stays():
    xml = f"""<worksheet {MAIN}><c note=" r='A1'" r="B1"/></worksheet>""".encode()
    assert patched(xml, Editor({"main:c": Edit({"r": "B9"})})) == xml.replace(b'r="B1"', b'r="B9"')


def test_utf_16_comes_out_as_utf_8():
    text = f'<?xml version="1.0" encoding="UTF-16" standalone="yes"?><worksheet {MAIN} note="é"/>'
    told = patched(text.encode("utf-16"), Patcher()).decode()
    assert told == text.replace("UTF-16", "UTF-8")


@pytest.mark.parametrize(
    "xml",
    [
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b"<a>&undefined;</a>",
        b"<a><b></a>",
        b"<a>",
        b"",
        b'<?xml version="1.0" encoding="cp1252"?><a/>',
        b"\xff\xfe<",
    ],
)
def test_what_no_workbook_may_hold_is_refused(xml):
    with pytest.raises(BrokenPart):
        patched(xml, Patcher())


NAMES = st.sampled_from(["a", "b", "x:c"])
TEXTS = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=8)


@st.composite
def elements(draw, depth=3):
    from xml.sax.saxutils import escape, quoteattr

    name = draw(NAMES)
    attributes = "".join(f" k{place}={quoteattr(text)}" for place, text in enumerate(draw(st.lists(TEXTS, max_size=2))))
    if draw(st.booleans()):
        return f"<{name}{attributes}/>"
    inner = draw(st.lists(elements(depth=depth - 1), max_size=3)) if depth else []
    return f"<{name}{attributes}>{escape(draw(TEXTS))}{''.join(inner)}{draw(st.sampled_from(['', '<!-- c -->', ' ']))}</{name}>"


@given(elements(), st.integers(1, 40), st.sampled_from(["a", "b", "{urn:x}c"]))
def test_dropping_and_keeping_agree_with_a_parser(element, size, dropped):
    from xml.etree import ElementTree as ET

    xml = f'<root xmlns:x="urn:x">{element}</root>'.encode()
    assert in_pieces(xml, size, Patcher()) == xml
    told = ET.fromstring(in_pieces(xml, size, Editor({dropped: Edit(drop=True)})))  # noqa: S314 - made here
    expected = ET.fromstring(xml)  # noqa: S314 - made here
    for parent in list(expected.iter()):
        for place, child in reversed(list(enumerate(parent))):
            if child.tag == dropped:
                before = parent[place - 1] if place else parent
                name = "tail" if place else "text"
                setattr(before, name, (getattr(before, name) or "") + (child.tail or ""))
                parent.remove(child)
    assert ET.tostring(told) == ET.tostring(expected)
