"""The styles of a workbook: which of them show dates, and new ones added to what is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from xml.sax.saxutils import quoteattr

from aetherflow.kernel.api import StepError

from ..package.patching import Edit, Patcher, patched
from .number_formats import BUILT_IN, FIRST_OWN, shows_dates
from .style_parts import Element, read_sections

#: For a workbook without a styles part, which may be.
MINIMAL = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    b'<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    b'<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    b'<fills count="2"><fill><patternFill patternType="none"/></fill>'
    b'<fill><patternFill patternType="gray125"/></fill></fills>'
    b'<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    b'<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    b'<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs>'
    b'<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    b"</styleSheet>"
)
#: More styles of cells than that no program reads.
_MOST_STYLES = 65_490
_FORMATS, _FONTS, _STYLES = "main:numFmts", "main:fonts", "main:cellXfs"
#: What may follow a section, in the order that the format wants.
_ORDER = (
    _FORMATS,
    _FONTS,
    "main:fills",
    "main:borders",
    "main:cellStyleXfs",
    _STYLES,
    "main:cellStyles",
    "main:dxfs",
    "main:tableStyles",
    "main:colors",
    "main:extLst",
)


class StyleSheet:
    """The styles part of a workbook; the styles of cells have the numbers that cells name them by.

    Raises:
        BrokenPart: it is no XML that a workbook may hold.
    """

    def __init__(self, xml: bytes = MINIMAL) -> None:
        self._xml = xml
        self._prefix, sections = read_sections(xml, (_FORMATS, _FONTS, _STYLES))
        self._formats = _Section(_FORMATS, sections[_FORMATS])
        self._fonts = _Section(_FONTS, sections[_FONTS])
        self._styles = _Section(_STYLES, sections[_STYLES])
        if not self._styles.elements:
            self._styles.number(self._element("xf", numFmtId="0", fontId="0", fillId="0", borderId="0"))

    def is_date_format(self, style: int) -> bool:
        """Whether cells of this style show numbers as dates or times."""
        number = _number(self._style(style), "numFmtId")
        return shows_dates(number, self._codes().get(number))

    def with_number_format(self, base: int, code: str) -> int:
        """The style that is like another, with this number format."""
        return self._changed(base, numFmtId=str(self._format(code)), applyNumberFormat="1")

    def with_quote_prefix(self, base: int) -> int:
        """The style that is like another, for texts that are no formulas whatever they begin with."""
        return self._changed(base, quotePrefix="1")

    def with_bold(self, base: int) -> int:
        """The style that is like another, in bold."""
        fonts = self._fonts.elements
        place = _number(self._style(base), "fontId")
        font = fonts[place] if place < len(fonts) else self._element("font")
        bold = self._element("b")
        others = tuple(child for child in font.children if child.tag != bold.tag)
        return self._changed(
            base, fontId=str(self._fonts.number(replace(font, children=(bold, *others)))), applyFont="1"
        )

    @property
    def is_changed(self) -> bool:
        """Whether a style was added."""
        return any(section.added for section in self._sections)

    def patched(self) -> bytes:
        """The part with what was added; without, the same bytes."""
        return patched(self._xml, _Additions(self._sections, self._prefix)) if self.is_changed else self._xml

    @property
    def _sections(self) -> tuple[_Section, ...]:
        return self._formats, self._fonts, self._styles

    def _style(self, style: int) -> Element:
        styles = self._styles.elements
        return styles[style] if style < len(styles) else styles[0]

    def _changed(self, base: int, **attributes: str) -> int:
        style = self._style(base)
        number = self._styles.number(replace(style, attributes={**style.attributes, **attributes}))
        if number >= _MOST_STYLES:
            raise StepError(
                f"the workbook would have more than {_MOST_STYLES:,} styles of cells",
                code="AF-EXCEL-LIMIT",
                help="have the template made with fewer styles",
            )
        return number

    def _codes(self) -> dict[int, str]:
        return {_number(item, "numFmtId"): item.attributes.get("formatCode", "") for item in self._formats.elements}

    def _format(self, code: str) -> int:
        codes = self._codes()
        known = {**BUILT_IN, **{known: number for number, known in codes.items()}}
        if code in known:
            return known[code]
        number = max(FIRST_OWN, *(number + 1 for number in codes)) if codes else FIRST_OWN
        self._formats.number(self._element("numFmt", numFmtId=str(number), formatCode=code))
        return number

    def _element(self, local: str, **attributes: str) -> Element:
        return Element(f"main:{local}", f"{self._prefix}{local}", attributes)


@dataclass(slots=True)
class _Section:
    """One of the lists of the part; None where there is no such list."""

    tag: str
    found: list[Element] | None
    added: list[Element] = field(default_factory=list)

    @property
    def elements(self) -> list[Element]:
        return [*(self.found or ()), *self.added]

    def number(self, element: Element) -> int:
        """The place of an element in the list; it is added if none is the same."""
        elements = self.elements
        if element in elements:
            return elements.index(element)
        self.added.append(element)
        return len(elements)


def _number(element: Element, attribute: str) -> int:
    text = element.attributes.get(attribute, "0")
    return int(text) if text.isascii() and text.isdigit() else 0


class _Additions(Patcher):
    """Puts what was added at the ends of the lists; makes lists that are not there."""

    def __init__(self, sections: tuple[_Section, ...], prefix: str) -> None:
        self._sections = {section.tag: section for section in sections if section.added}
        self._prefix = prefix
        self._missing = [section for section in self._sections.values() if section.found is None]
        self._depth = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> Edit | None:
        self._depth += 1
        if self._depth != 2:  # noqa: PLR2004 - right below the root
            return None
        before = self._made_before(_ORDER.index(tag) if tag in _ORDER else 0)
        section = self._sections.get(tag)
        if section is None:
            return Edit(before=before) if before else None
        return Edit(attributes={"count": str(len(section.elements))}, before=before)

    def end(self, tag: str) -> tuple[bytes, ...]:
        self._depth -= 1
        if self._depth == 0:
            return self._made_before(len(_ORDER))
        if self._depth == 1 and tag in self._sections:
            return tuple(element.xml() for element in self._sections[tag].added)
        return ()

    def _made_before(self, place: int) -> tuple[bytes, ...]:
        made = [section for section in self._missing if _ORDER.index(section.tag) < place]
        self._missing = [section for section in self._missing if section not in made]
        return tuple(self._whole(section) for section in made)

    def _whole(self, section: _Section) -> bytes:
        name = self._prefix + section.tag.removeprefix("main:")
        inner = b"".join(element.xml() for element in section.added)
        return f"<{name} count={quoteattr(str(len(section.added)))}>".encode() + inner + f"</{name}>".encode()
