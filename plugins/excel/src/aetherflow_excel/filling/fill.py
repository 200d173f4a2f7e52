"""A template filled: a new package beside it, in which only what had to be is another."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import ZipInfo

from aetherflow.kernel.api import StepError

from ..grid.cells import CellRange
from ..moving.moves import Moves
from ..moving.parts import REMEMBERING_TYPES, Part, part_patcher
from ..moving.reach import stale_sheets
from ..moving.sheet_patcher import SheetPatcher, sheet_patcher
from ..moving.survey import SheetSurvey as MovingSurvey, survey_sheet as survey_formulas
from ..package.package import Package
from ..package.part_names import CONTENT_TYPES, relationships_name
from ..package.patching import Patcher, patch, patched
from ..package.writing import PackageWriter, new_member
from ..package.xml_parser import as_utf8
from ..rows.styles import MINIMAL, StyleSheet
from ..workbook.book import Sheet, Workbook
from ..workbook.tables import tables_of
from .new_sheets import NewSheet, empty_sheet, new_sheets
from .owners import owners_of_parts
from .package_edits import STYLES_TYPE, ContentTypesEdit, NewPart, RelationshipsEdit, WorkbookEdit, workbook_type
from .regions import Filling, check_rectangles, find_region, shared_insertions
from .sheet_filling import SheetFilling
from .sheet_plan import PlacedRegion, SheetPlan, place_region, wanted_rows
from .survey import SheetSurvey, survey_sheet

_SIGNATURE = "digital-signature"
_CALCULATION_CHAIN = "calcChain"


@dataclass(slots=True)
class Fidelity:
    """What became of the parts of a template."""

    kept: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Filled:
    """What was filled."""

    places: list[PlacedRegion]
    fidelity: Fidelity


def fill(template: Path, output: Path, suffix: str, fillings: Sequence[Filling]) -> Filled:
    """Write a template with its rows to a new file, for an output whose name ends in `suffix`.

    Raises:
        StepError: something can't be filled, or a value can't be written; the file is of no use then.
    """
    with Package(template) as package:
        book = Workbook(package)
        _refuse_signed(package)
        plan = _plan(book, fillings)
        with output.open("wb") as file:
            writer = _Writing(plan, PackageWriter(file, package.file_name), suffix)
            writer.write_all()
            writer.finish()
        verify(package, output, writer.fidelity)
        return Filled(plan.places, writer.fidelity)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """All that is known before anything is written."""

    book: Workbook
    moves: Moves
    places: list[PlacedRegion]
    sheets: dict[str, SheetPlan]
    new_sheets: dict[str, NewSheet]
    formulas: dict[str, MovingSurvey]
    #: The sheets that may show results that are wrong now, in lower case.
    stale: frozenset[str]

    @property
    def has_moves(self) -> bool:
        """Whether rows are inserted anywhere."""
        return any(self.moves.changes(name) for name in self.sheets)


def _plan(book: Workbook, fillings: Sequence[Filling]) -> _Plan:
    regions = [find_region(book, filling) for filling in fillings]
    names = [sheet.name for sheet in book.sheets]
    anchors = [region.target.anchor for region in regions if region.target.anchor is not None]
    moves = Moves(shared_insertions(regions), names, anchors)
    places = [place_region(region, moves) for region in regions]
    check_rectangles(
        (place.region.target.name, place.region.sheet.name, cells) for place in places for cells in place.rectangles
    )
    by_sheet: dict[str, list[PlacedRegion]] = defaultdict(list)
    for place in places:
        by_sheet[place.region.sheet.name].append(place)
    sheets = {name: _plan_sheet(book, name, together, moves) for name, together in by_sheet.items()}
    formulas = {
        sheet.name: survey_formulas(book.package.chunks(sheet.part), sheet.name)
        for sheet in book.sheets
        if sheet.kind == "worksheet"
    }
    return _Plan(
        book=book,
        moves=moves,
        places=places,
        sheets=sheets,
        new_sheets={new.name: new for new in new_sheets(book, [name for name, plan in sheets.items() if plan.is_new])},
        formulas=formulas,
        stale=stale_sheets(sheets, list(formulas.values()), _names(book), _table_sheets(book)),
    )


def _names(book: Workbook) -> dict[str, str]:
    return {defined.name: defined.formula for defined in book.defined_names}


def _table_sheets(book: Workbook) -> dict[str, str]:
    return {table.name: sheet.name for sheet in book.sheets for table in tables_of(book.package, sheet)}


def _plan_sheet(book: Workbook, name: str, places: Sequence[PlacedRegion], moves: Moves) -> SheetPlan:
    sheet = book.sheet(name)
    if sheet is None:
        return SheetPlan(sheet=places[0].region.sheet, places=places, moves=moves, survey=SheetSurvey(), is_new=True)
    rows = [rows for place in places for rows in wanted_rows(place)]
    plan = SheetPlan(sheet=sheet, places=places, moves=moves, survey=survey_sheet(book.package, sheet.part, rows))
    plan.check(tables_of(book.package, sheet))
    return plan


def _refuse_signed(package: Package) -> None:
    if any(_SIGNATURE in package.content_type(part) for part in package.members):
        raise StepError(
            f"{package.file_name} is digitally signed, and filling it would break the signature",
            code="AF-EXCEL-SIGNED",
            help="save the template without the signature",
        )


class _Writing:
    """Writes the parts of the new package, each in the way that is right for it."""

    def __init__(self, plan: _Plan, writer: PackageWriter, suffix: str) -> None:
        self._plan = plan
        self._book = plan.book
        self._package = plan.book.package
        self._writer = writer
        self.fidelity = Fidelity()
        self._sheet_of = {sheet.part: sheet for sheet in self._book.sheets}
        self._owners = owners_of_parts(self._book)
        self._dropped = self._package.related(self._book.part, _CALCULATION_CHAIN)
        self._styles_part = self._book.part_of_kind("styles")
        self._styles = self._read_styles()
        self._type = workbook_type(suffix, has_macros=_has_macros(self._package))

    def write_all(self) -> None:
        """Write all parts: the styles come last, as the other parts add to them."""
        late = {self._styles_part, CONTENT_TYPES, relationships_name(self._book.part)}
        for part, member in self._package.members.items():
            if part in self._dropped:
                self.fidelity.dropped.append(part)
            elif part not in late:
                self._write(part, member)
        for name, plan in self._plan.sheets.items():
            if plan.is_new:
                self._write_new_sheet(self._plan.new_sheets[name], plan)
        self._write_styles()
        self._write_edited(relationships_name(self._book.part), self._relationships_edit())
        self._write_edited(CONTENT_TYPES, self._content_types_edit())
        self.fidelity.warnings += [warning for survey in self._plan.formulas.values() for warning in survey.warnings]

    def finish(self) -> None:
        """Write the end of the package."""
        self._writer.finish()

    def _write(self, part: str, member: ZipInfo) -> None:
        sheet = self._sheet_of.get(part)
        if part == self._book.part:
            self._write_edited(part, self._mover(part), self._workbook_edit())
        elif sheet is not None and sheet.name in self._plan.formulas:
            self._write_sheet(sheet, member)
        elif (mover := self._mover(part)) is not None:
            self._write_edited(part, mover)
        else:
            self._keep(part, member)

    def _write_sheet(self, sheet: Sheet, member: ZipInfo) -> None:
        plan = self._plan.sheets.get(sheet.name)
        if plan is not None:
            changes = plan.changes(self._styles, counts_from_1904=self._book.is_1904)
            self._stream(member, lambda: SheetFilling(self._sheet_mover(sheet), changes))
        elif self._changes(sheet.part, self._sheet_mover(sheet)):
            self._stream(member, lambda: self._sheet_mover(sheet))
        else:
            self._keep(sheet.part, member)

    def _sheet_mover(self, sheet: Sheet) -> SheetPatcher:
        survey = self._plan.formulas[sheet.name]
        return sheet_patcher(self._plan.moves, survey, is_stale=sheet.name.casefold() in self._plan.stale)

    def _mover(self, part: str) -> Patcher | None:
        kind = self._package.content_type(part)
        if not self._plan.has_moves and kind not in REMEMBERING_TYPES:
            return None
        found = Part(part, kind, self._owners.get(part), lambda: self._package.chunks(part), self._plan.stale)
        with self._package.blame(part):
            return part_patcher(self._plan.moves, found, self.fidelity.warnings)

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
            before = after = self._package.read(part)
            for patcher in patchers:
                after = after if patcher is None else patched(after, patcher)
        if after == before:
            self._keep(part, member)
        else:
            self._writer.write(member, [after])
            self.fidelity.changed.append(part)

    def _keep(self, part: str, member: ZipInfo) -> None:
        self._writer.copy(self._package.stream, member)
        self.fidelity.kept.append(part)

    def _write_new_sheet(self, new: NewSheet, plan: SheetPlan) -> None:
        place = plan.places[0]
        cells = [cells for place in plan.places for cells in place.rectangles]
        around = _around(cells) if cells else CellRange(1, 1, 1, 1)
        target = place.region.target
        xml = empty_sheet(
            around,
            header_row=place.header.first_row if place.header else None,
            is_frozen=getattr(target, "freeze_panes", False),
            is_filtered=getattr(target, "autofilter", False),
        )
        changes = plan.changes(self._styles, counts_from_1904=self._book.is_1904)
        moving = sheet_patcher(self._plan.moves, MovingSurvey(new.name), is_stale=False)
        self._writer.write(new_member(new.part.name), patch([xml], SheetFilling(moving, changes)))
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

    def _workbook_edit(self) -> Patcher:
        sheets = [(new.name, new.number, new.part.id) for new in self._plan.new_sheets.values()]
        return WorkbookEdit(sheets, self._book.prefix)

    def _relationships_edit(self) -> Patcher:
        return RelationshipsEdit(self._book.part, self._new_parts(), self._dropped)

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


def verify(template: Package, output: Path, fidelity: Fidelity) -> None:
    """Hold the new package against the template: each part must be there, and the kept ones must be the same.

    Raises:
        StepError: one is not.
    """
    with Package(output) as written:
        for part, member in template.members.items():
            now = written.members.get(part)
            is_same = now is not None and (now.CRC, now.file_size) == (member.CRC, member.file_size)
            if part not in fidelity.dropped and (now is None or (part in fidelity.kept and not is_same)):
                raise StepError(
                    f"{template.file_name}: the part {part!r} would be lost or damaged",
                    code="AF-EXCEL-FIDELITY",
                    help="report this together with the template: it is a mistake of the plugin",
                )
