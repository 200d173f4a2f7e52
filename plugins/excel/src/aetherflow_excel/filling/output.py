"""The filled package: each part written in the way that is right for it."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from zipfile import ZipInfo

from ..grid.cells import CellRange
from ..moving.parts import DROPPED_TYPES, Part, part_patcher, readable
from ..moving.sheet_patcher import SheetPatcher, sheet_patcher
from ..moving.survey import SheetSurvey as FormulaSurvey
from ..package.package import Package
from ..package.part_names import CONTENT_TYPES, relationships_name
from ..package.patching import Patcher, patch, patched
from ..package.writing import PackageWriter, new_member
from ..package.xml_parser import as_utf8
from ..rows.styles import MINIMAL, StyleSheet
from ..workbook.book import Sheet
from .fidelity import Fidelity
from .grown_tables import TableGrowth, grown_tables
from .links import LinkTargets, SheetLinks
from .new_sheets import NewSheet, empty_sheet
from .owners import owners_of_parts
from .package_edits import (
    NO_RELATIONSHIPS,
    STYLES_TYPE,
    ContentTypesEdit,
    Namespace,
    NewPart,
    RelationshipsEdit,
    SheetList,
    workbook_type,
)
from .planning import FillPlan
from .region_cells import sheet_changes
from .sheet_filling import SheetFilling
from .sheet_plan import SheetPlan

_COMPUTED = frozenset({"application/vnd.openxmlformats-officedocument.spreadsheetml.pivotCacheDefinition+xml"})


class FilledPackage:
    """Writes the parts of a template, filled, to a file whose name ends in `suffix`."""

    def __init__(self, plan: FillPlan, writer: PackageWriter, suffix: str) -> None:
        self._plan = plan
        self._book = plan.book
        self._package = plan.book.package
        self._writer = writer
        self.fidelity = Fidelity()
        self._sheet_of = {sheet.part: sheet for sheet in self._book.sheets}
        self._namespace = Namespace.of(is_strict=self._book.is_strict)
        self._links: dict[str, SheetLinks] = {}
        self._owners = owners_of_parts(self._book)
        #: Tables that take in the rows that are written below them.
        self._grown = {
            table.part: TableGrowth(cells)
            for sheet in plan.sheets.values()
            for table, cells in grown_tables(sheet, sheet.tables)
        }
        self._dropped = [part for part in self._package.members if self._package.content_type(part) in DROPPED_TYPES]
        self._styles_part = self._book.part_of_kind("styles")
        self._styles = self._read_styles()
        self._type = workbook_type(suffix, has_macros=_has_macros(self._package))

    def write(self) -> None:
        """Write all parts; those that others add to come last."""
        filled = [plan.sheet.part for plan in self._plan.sheets.values() if not plan.is_new]
        late = {self._styles_part, CONTENT_TYPES, *map(relationships_name, (self._book.part, *filled))}
        for part, member in self._package.members.items():
            if part in self._dropped:
                self.fidelity.dropped.append(part)
            elif part not in late:
                self._write(part, member)
        for name, plan in self._plan.sheets.items():
            if plan.is_new:
                self._write_new_sheet(self._plan.new_sheets[name], plan)
        for part, links in self._links.items():
            self._write_links(part, links)
        self._write_styles()
        self._write_edited(relationships_name(self._book.part), self._relationships_edit())
        self._write_edited(CONTENT_TYPES, self._content_types_edit())
        if self._plan.has_moves:
            surveys = self._plan.formulas.values()
            self.fidelity.warnings += [warning for survey in surveys for warning in survey.warnings]
        self._writer.finish()

    def _write(self, part: str, member: ZipInfo) -> None:
        sheet = self._sheet_of.get(part)
        if part == self._book.part:
            self._write_edited(part, self._mover(part), self._sheet_list())
        elif sheet is not None and sheet.name in self._plan.formulas:
            self._write_sheet(sheet, member)
        elif (mover := self._mover(part)) is not None or part in self._grown:
            self._write_edited(part, mover, self._grown.get(part))
        else:
            self._keep(part, member)

    def _write_sheet(self, sheet: Sheet, member: ZipInfo) -> None:
        plan = self._plan.sheets.get(sheet.name)
        if plan is not None:
            self._stream(member, lambda: self._filler(plan, sheet.part, self._sheet_mover(sheet)))
        elif self._changes(sheet.part, self._sheet_mover(sheet)):
            self._stream(member, lambda: self._sheet_mover(sheet))
        else:
            self._keep(sheet.part, member)

    def _filler(self, plan: SheetPlan, part: str, mover: SheetPatcher) -> SheetFilling:
        changes = sheet_changes(plan, self._styles, counts_from_1904=self._book.is_1904)
        links = SheetLinks(changes.links, self._package.relationships(part), self._namespace.relationships)
        self._links[part] = links
        return SheetFilling(mover, changes, links)

    def _write_links(self, part: str, links: SheetLinks) -> None:
        """Write the relationships of a filled sheet, behind the sheet itself."""
        name = relationships_name(part)
        targets = LinkTargets(links, self._namespace.relationships)
        if self._package.has(name):
            self._write_edited(name, self._mover(name), targets)
        elif links.targets:
            self._writer.write(new_member(name), [patched(NO_RELATIONSHIPS, targets)])
            self.fidelity.added.append(name)

    def _sheet_mover(self, sheet: Sheet) -> SheetPatcher:
        survey, plan = self._plan.formulas[sheet.name], self._plan.sheets.get(sheet.name)
        is_stale = sheet.name.lower() in self._plan.stale
        filled = [cells for place in plan.places for cells in place.rectangles] if plan is not None else ()
        return sheet_patcher(self._plan.moves, survey, is_stale=is_stale, filled=filled)

    def _mover(self, part: str) -> Patcher | None:
        found = Part(part, self._package.content_type(part), self._owners.get(part), lambda: self._package.chunks(part))
        with self._package.blame(part):
            # Where no rows are inserted, only what is computed from the data changes.
            is_asked = self._plan.has_moves or found.content_type in _COMPUTED or part == self._book.part
            return part_patcher(self._plan.moves, found, self.fidelity.warnings) if is_asked else None

    def _changes(self, part: str, patcher: Patcher) -> bool:
        """Whether a patcher would change anything, found out without keeping the part in memory."""
        with self._package.blame(part):
            before = _checksum(as_utf8(self._package.chunks(part)))
            return _checksum(patch(self._package.chunks(part), patcher)) != before

    def _stream(self, member: ZipInfo, patcher: Callable[[], Patcher]) -> None:
        with self._package.blame(member.filename):
            self._writer.write(member, patch(self._package.chunks(member.filename), patcher()))
        self.fidelity.changed.append(member.filename)

    def _write_edited(self, part: str, *patchers: Patcher | None) -> None:
        """Write a part that is small, edited by one patcher after the other; it is kept where none changes it."""
        member = self._package.members[part]
        with self._package.blame(part):
            before = after = readable(self._package.content_type(part), self._package.read(part))
            for patcher in patchers:
                after = after if patcher is None else patched(after, patcher)
        if after == before:
            self._keep(part, member)
        else:
            self._writer.write(member, [after])
            self.fidelity.changed.append(part)

    def _keep(self, part: str, member: ZipInfo) -> None:
        for _ in self._package.chunks(part):
            pass  # It is read to see that it is whole.
        self._writer.copy(self._package.stream, member)
        self.fidelity.kept.append(part)

    def _write_new_sheet(self, new: NewSheet, plan: SheetPlan) -> None:
        place = plan.places[0]
        cells = [cells for place in plan.places for cells in place.rectangles]
        around = _around(cells) if cells else CellRange(1, 1, 1, 1)
        target = place.region.target
        xml = empty_sheet(
            around,
            self._namespace.main,
            header_row=place.header.first_row if place.header else None,
            is_frozen=getattr(target, "freeze_panes", False),
            is_filtered=getattr(target, "autofilter", False),
        )
        mover = sheet_patcher(self._plan.moves, FormulaSurvey(new.name), is_stale=False)
        self._writer.write(new_member(new.part.name), patch([xml], self._filler(plan, new.part.name, mover)))
        self.fidelity.added.append(new.part.name)

    def _read_styles(self) -> StyleSheet:
        if self._styles_part is None:
            return StyleSheet(MINIMAL)
        with self._package.blame(self._styles_part):
            return StyleSheet(self._package.read(self._styles_part))

    def _write_styles(self) -> None:
        if self._styles_part is None:
            for part in self._new_parts():
                if part.content_type == STYLES_TYPE:
                    self._writer.write(new_member(part.name), [self._styles.patched()])
                    self.fidelity.added.append(part.name)
        elif self._styles.is_changed:
            self._writer.write(self._package.members[self._styles_part], [self._styles.patched()])
            self.fidelity.changed.append(self._styles_part)
        else:
            self._keep(self._styles_part, self._package.members[self._styles_part])

    def _new_parts(self) -> list[NewPart]:
        parts = [new.part for new in self._plan.new_sheets.values()]
        if self._styles_part is None and self._styles.is_changed:
            parts.append(NewPart("xl/aetherflow-styles.xml", STYLES_TYPE, "styles", "rIdNewStyles"))
        return parts

    def _sheet_list(self) -> Patcher:
        sheets = [(new.name, new.number, new.part.id) for new in self._plan.new_sheets.values()]
        return SheetList(sheets, self._namespace, self._book.prefix)

    def _relationships_edit(self) -> Patcher:
        return RelationshipsEdit(self._book.part, self._new_parts(), self._dropped, self._namespace)

    def _content_types_edit(self) -> Patcher:
        return ContentTypesEdit(self._book.part, self._type, self._new_parts(), self._dropped)


def _checksum(chunks: Iterable[bytes]) -> tuple[int, int]:
    crc = size = 0
    for chunk in chunks:
        crc, size = zlib.crc32(chunk, crc), size + len(chunk)
    return crc, size


def _has_macros(package: Package) -> bool:
    return any(package.content_type(part) == "application/vnd.ms-office.vbaProject" for part in package.members)


def _around(cells: Sequence[CellRange]) -> CellRange:
    return CellRange(
        min(each.first_row for each in cells),
        min(each.first_column for each in cells),
        max(each.last_row for each in cells),
        max(each.last_column for each in cells),
    )
