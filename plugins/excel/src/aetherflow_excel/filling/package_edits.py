"""Edits of the parts that hold a package together: content types, relationships, the workbook's own part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from aetherflow.kernel.api import StepError

from ..package.part_names import resolve_target
from ..package.patching import Edit, Patcher

_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml."
_MACRO_TYPES = "application/vnd.ms-excel."
#: What the workbook part is, by the suffix of the file.
WORKBOOK_TYPES = {
    ".xlsx": _TYPES + "sheet.main+xml",
    ".xltx": _TYPES + "template.main+xml",
    ".xlsm": _MACRO_TYPES + "sheet.macroEnabled.main+xml",
    ".xltm": _MACRO_TYPES + "template.macroEnabled.main+xml",
}
WORKSHEET_TYPE = _TYPES + "worksheet+xml"
#: A part of relationships that has none yet.
NO_RELATIONSHIPS = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"/>'
)
STYLES_TYPE = _TYPES + "styles+xml"


@dataclass(frozen=True, slots=True)
class Namespace:
    """The namespaces of a workbook: a strict one has others than the usual, transitional one."""

    main: str
    relationships: str

    @classmethod
    def of(cls, *, is_strict: bool) -> Namespace:
        """Those of a kind of workbook."""
        base = "http://purl.oclc.org/ooxml/" if is_strict else "http://schemas.openxmlformats.org/"
        year = "" if is_strict else "2006/"
        main = f"{base}spreadsheetml/{year}main"
        return cls(main, f"{base}officeDocument/{year}relationships")


@dataclass(frozen=True, slots=True)
class NewPart:
    """A part that the template does not have, and who points at it."""

    name: str
    content_type: str
    #: The last word of the relationship's type, and its id.
    kind: str
    id: str


def workbook_type(suffix: str, *, has_macros: bool) -> str:
    """What the workbook part must be in a file with this suffix.

    Raises:
        StepError: it is no suffix of a workbook, or of one that may have macros.
    """
    found = WORKBOOK_TYPES.get(suffix.lower())
    if found is None:
        raise StepError(
            f"the output's name ends in {suffix!r}",
            code="AF-EXCEL-OUTPUT",
            help="let it end in .xlsx, .xlsm, .xltx or .xltm",
        )
    if has_macros and not found.startswith(_MACRO_TYPES):
        raise StepError(
            f"the template has macros, which a workbook whose name ends in {suffix} can't have",
            code="AF-EXCEL-OUTPUT",
            help="let the output's name end in .xlsm or .xltm",
        )
    return found


class ContentTypesEdit(Patcher):
    """Another type for the workbook part, new parts, and parts that are left out."""

    def __init__(
        self, workbook_part: str, workbook_type: str, added: Sequence[NewPart], dropped: Iterable[str]
    ) -> None:
        self._workbook = f"/{workbook_part}".lower()
        self._type = workbook_type
        self._added = added
        self._dropped = {f"/{name}".lower() for name in dropped}

    def start(self, tag: str, attributes: Mapping[str, str]) -> Edit | None:
        """Change or drop what says the type of one part."""
        if tag != "types:Override":
            return None
        name = attributes.get("PartName", "").lower()
        if name in self._dropped:
            return Edit(drop=True)
        if name == self._workbook and attributes.get("ContentType") != self._type:
            return Edit({"ContentType": self._type})
        return None

    def end(self, tag: str) -> Iterable[bytes]:
        """Add the types of new parts."""
        if tag != "types:Types":
            return ()
        return [
            f"<Override PartName={quoteattr('/' + part.name)} ContentType={quoteattr(part.content_type)}/>".encode()
            for part in self._added
        ]


class RelationshipsEdit(Patcher):
    """The relationships of a part, with new ones, and without those to parts that are left out."""

    def __init__(self, source: str, added: Sequence[NewPart], dropped: Iterable[str], namespace: Namespace) -> None:
        self._source = source
        self._namespace = namespace
        self._added = added
        self._dropped = frozenset(dropped)

    def start(self, tag: str, attributes: Mapping[str, str]) -> Edit | None:
        """Drop what points at a part that is left out."""
        is_internal = tag == "rel:Relationship" and attributes.get("TargetMode") != "External"
        if is_internal and resolve_target(self._source, attributes.get("Target", "")) in self._dropped:
            return Edit(drop=True)
        return None

    def end(self, tag: str) -> Iterable[bytes]:
        """Add what points at new parts."""
        if tag != "rel:Relationships":
            return ()
        return [
            f'<Relationship Id="{part.id}" Type="{self._namespace.relationships}/{part.kind}" '
            f"Target={quoteattr('/' + part.name)}/>".encode()
            for part in self._added
        ]


class SheetList(Patcher):
    """The workbook part, with sheets added to its list."""

    def __init__(self, new_sheets: Sequence[tuple[str, int, str]], namespace: Namespace, prefix: str) -> None:
        """Take the new sheets, each with its name, its number and the id of its relationship."""
        self._new_sheets = new_sheets
        self._namespace = namespace
        self._prefix = prefix

    def end(self, tag: str) -> Iterable[bytes]:
        """Add the sheets."""
        return [self._sheet(*sheet) for sheet in self._new_sheets] if tag == "main:sheets" else ()

    def _sheet(self, name: str, number: int, relationship: str) -> bytes:
        return (
            f'<{self._prefix}sheet name={quoteattr(name)} sheetId="{number}" '
            f'xmlns:r="{self._namespace.relationships}" r:id="{relationship}"/>'
        ).encode()
