"""The workbook part: its sheets, its defined names, its dates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from ..grid.cells import whole_number
from ..package.elements import Element, read_elements
from ..package.package import MOST_PART_BYTES, Package
from ..package.prefixes import prefix_of_root
from ..package.problems import damaged, too_large

#: Kinds of the workbook part, and whether one has macros.
_CONTENT_TYPES = {
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml": False,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.template.main+xml": False,
    "application/vnd.ms-excel.sheet.macroEnabled.main+xml": True,
    "application/vnd.ms-excel.template.macroEnabled.main+xml": True,
}


_STRICT = "http://purl.oclc.org/ooxml/"
_WANTED = frozenset({"main:workbookPr", "main:sheet", "main:definedName"})
_MOST_ELEMENTS = 100_000


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: `kind` is worksheet or chartsheet, mostly; `state` is visible, hidden or veryHidden."""

    name: str
    part: str
    kind: str
    state: str


@dataclass(frozen=True, slots=True)
class DefinedName:
    """A name for a formula, mostly for a range; `sheet` is the one that it is known on, null where everywhere."""

    name: str
    formula: str
    sheet: str | None
    is_hidden: bool


class Workbook:
    """What the workbook part of a package says.

    Raises:
        StepError: it is no workbook that can be filled, or a broken one.
    """

    def __init__(self, package: Package) -> None:
        self.package = package
        self.part = self._find_part()
        with package.blame(self.part):
            self._elements = list(self._read_elements())

    @property
    def file_name(self) -> str:
        """The file's name, for messages."""
        return self.package.file_name

    @property
    def content_type(self) -> str:
        """What kind of workbook it is."""
        return self.package.content_type(self.part)

    @cached_property
    def prefix(self) -> str:
        """In front of the names of elements in its part, with its colon; mostly empty."""
        return prefix_of_root(self.package, self.part, "workbook")

    @cached_property
    def is_strict(self) -> bool:
        """Whether it is of the strict kind, with other namespaces."""
        return any(found.type.startswith(_STRICT) for found in self.package.relationships("").values())

    @cached_property
    def is_1904(self) -> bool:
        """Whether its days are counted from 1904, as old Macs did."""
        return any(attributes.get("date1904") in ("1", "true", "on") for attributes in self._all("main:workbookPr"))

    @cached_property
    def sheets(self) -> list[Sheet]:
        """Its sheets, in their order."""
        relationships = self.package.relationships(self.part)
        found: list[Sheet] = []
        for attributes in self._all("main:sheet"):
            name, state = attributes.get("name", ""), attributes.get("state", "visible")
            related = relationships.get(attributes.get("r:id", ""))
            if related is None or related.target is None:
                raise damaged(self.file_name, f"the sheet {name[:31]!r} has no part")
            found.append(Sheet(name, self.package.require(related.target), related.kind, state))
        self._check_sheets(found)
        return found

    def _check_sheets(self, sheets: list[Sheet]) -> None:
        """See that each sheet has a name and a part of its own: what is done to one is done to no other."""
        names: set[str] = set()
        parts = {self.part, self.part_of_kind("styles"), self.part_of_kind("sharedStrings")}
        for sheet in sheets:
            if sheet.name.casefold() in names or sheet.part in parts:
                raise damaged(self.file_name, f"the sheet {sheet.name[:31]!r} has the name or the part of another one")
            names.add(sheet.name.casefold())
            parts.add(sheet.part)

    @property
    def sheet_numbers(self) -> list[int]:
        """The numbers that it has given to its sheets."""
        numbers = (whole_number(attributes.get("sheetId", "")) for attributes in self._all("main:sheet"))
        return [number for number in numbers if number is not None]

    @cached_property
    def defined_names(self) -> list[DefinedName]:
        """Its defined names, Excel's own hidden ones among them."""
        found: list[DefinedName] = []
        for tag, attributes, text in self._elements:
            if tag == "main:definedName":
                number = whole_number(attributes.get("localSheetId", ""))
                sheet = self.sheets[number].name if number is not None and number < len(self.sheets) else None
                is_hidden = attributes.get("hidden") in ("1", "true")
                found.append(DefinedName(attributes.get("name", ""), text.strip(), sheet, is_hidden))
        return found

    def sheet(self, name: str) -> Sheet | None:
        """The sheet of a name, in letters of either case; null where there is none."""
        return next((sheet for sheet in self.sheets if sheet.name.casefold() == name.casefold()), None)

    def part_of_kind(self, kind: str) -> str | None:
        """The part of a kind that the workbook points at, such as styles; null where it has none."""
        return next(iter(self.package.related(self.part, kind)), None)

    def _read_elements(self) -> Iterator[Element]:
        number = 0
        for element in read_elements(self.package.chunks(self.part, MOST_PART_BYTES)):
            if element[0] in _WANTED:
                number += 1
                if number > _MOST_ELEMENTS:
                    raise too_large(self.file_name, f"it has more than {_MOST_ELEMENTS:,} sheets and names")
                yield element

    def _all(self, tag: str) -> Iterator[dict[str, str]]:
        return (attributes for found, attributes, _ in self._elements if found == tag)

    def _find_part(self) -> str:
        parts = self.package.related("", "officeDocument")
        if not parts:
            raise damaged(self.file_name, "it is an Office package, but says of no part that it is the workbook")
        content_type = self.package.content_type(parts[0])
        if content_type not in _CONTENT_TYPES:
            kind = "a binary workbook (.xlsb)" if "binary" in content_type else "no workbook"
            raise damaged(self.file_name, f"it is {kind}: its main part is {content_type[:120]!r}")
        return parts[0]
