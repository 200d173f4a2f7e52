"""The workbook's own part: defined names, and the order to compute everything anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..package.patching import Edit, Patcher
from .insertions import Kind
from .moves import Moves, Standing
from .numbers import whole_number
from .references import parse_formula

#: Names that the format itself gives a meaning: what a filter covers, and what is printed on every page.
_KINDS = {"_xlnm._filterdatabase": Kind.TABLE, "_xlnm.print_titles": Kind.OBJECT}
#: What stands in front of the calculation's settings, in the format's order.
_BEFORE_CALCULATION = frozenset(
    {
        "main:fileVersion",
        "main:fileSharing",
        "mc:AlternateContent",
        "xr:revisionPtr",
        "main:workbookPr",
        "main:workbookProtection",
        "main:bookViews",
        "main:sheets",
        "main:functionGroups",
        "main:externalReferences",
        "main:definedNames",
    }
)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
_HEAD_BYTES = 4096


class WorkbookPatcher(Patcher):
    """Moves the defined names, and has all formulas computed when the workbook is opened."""

    def __init__(self, moves: Moves, chunks: Iterable[bytes], warnings: list[str]) -> None:
        self._moves = moves
        self._warnings = warnings
        head = next(iter(chunks), b"")[:_HEAD_BYTES]
        self._namespace = _STRICT if _STRICT.encode() in head else _MAIN
        self._depth = 0
        self._has_calculation = False
        self._name: Mapping[str, str] = {}

    def start(self, tag: str, attributes: Mapping[str, str]) -> Edit | None:
        self._depth += 1
        if tag == "main:calcPr":
            self._has_calculation = True
            return None if attributes.get("fullCalcOnLoad") in {"1", "true"} else Edit({"fullCalcOnLoad": "1"})
        if tag == "main:definedName":
            self._name = attributes
        is_child = self._depth == 2  # noqa: PLR2004 - a child of the root
        if is_child and not self._has_calculation and tag not in _BEFORE_CALCULATION:
            return Edit(before=self._calculation())
        return None

    def takes_text(self, tag: str) -> bool:
        return tag == "main:definedName"

    def text(self, tag: str, text: str) -> str | None:
        name = self._name.get("name", "")
        if self._moves:
            self._warn(name, text)
        return self._moves.formula(text, self._kind(name), Standing(self._sheet()))

    def end(self, tag: str) -> Iterable[bytes]:
        self._depth -= 1
        return self._calculation() if tag == "main:workbook" and not self._has_calculation else ()

    def _sheet(self) -> str | None:
        """The sheet that a name is of, where it is not one of the whole workbook."""
        index, names = self._name.get("localSheetId"), self._moves.sheet_names
        return names[place] if index is not None and (place := whole_number(index)) < len(names) else None

    def _kind(self, name: str) -> Kind:
        return _KINDS.get(name.lower(), Kind.ANCHOR if self._moves.is_anchored(name) else Kind.NAME)

    def _warn(self, name: str, text: str) -> None:
        self._warnings.extend(
            f"the name {name[:80]!r} uses {function.upper()}: what it finds by text or by number does not move"
            for function in sorted(parse_formula(text).functions & {"indirect", "offset"})
        )

    def _calculation(self) -> tuple[bytes]:
        self._has_calculation = True
        return (f'<calcPr xmlns="{self._namespace}" fullCalcOnLoad="1"/>'.encode(),)
