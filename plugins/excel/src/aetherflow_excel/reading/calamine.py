"""calamine, given no more of a workbook than one sheet needs, all of it looked at before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from tempfile import TemporaryFile
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from aetherflow.kernel.api import StepContext, StepError

from ..grid.cells import CellRange
from ..package.package import MOST_STREAM_BYTES, Package
from ..package.problems import damaged, too_large
from ..package.writing import PackageWriter, new_member
from ..package.xml_parser import as_utf8
from ..progress import stopped
from ..workbook.book import Sheet, Workbook
from .quick_look import plain_bounds
from .scanning import SheetScan, negative_cells, scan_sheet
from .values import CellValue

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

#: calamine has a place of 32 bytes or so for each cell of the rectangle that a sheet spans.
MOST_CELLS = 32 * 1024 * 1024
#: All different texts of a workbook are in memory.
_MOST_TEXT_BYTES = 256 * 1024 * 1024
_MOST_STYLE_BYTES = 64 * 1024 * 1024
_OFFICE = "http://schemas.openxmlformats.org"
_RELATIONSHIPS = f"{_OFFICE}/officeDocument/2006/relationships"
_PACKAGE = f"{_OFFICE}/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_NAME = "Sheet"


class SheetRows:
    """The rows of a sheet, as often as they are asked for."""

    def __init__(self, sheet: CalamineSheet, scan: SheetScan, chunks: Callable[[], Iterator[bytes]]) -> None:
        self._sheet = sheet
        self._chunks = chunks
        self.scan = scan
        start, end = sheet.start, sheet.end
        has_cells = start is not None and end is not None
        self.used = scan.used or (
            CellRange(start[0] + 1, start[1] + 1, end[0] + 1, end[1] + 1) if start and end and has_cells else None
        )
        self._first_column = start[1] + 1 if start else 1

    def rows(self, cells: CellRange) -> Iterator[list[CellValue]]:
        """The rows of a rectangle, each with all of its columns; an empty cell is an empty text."""
        empty: list[CellValue] = [""] * cells.column_count
        skipped = cells.first_column - self._first_column
        number = 0
        for number, row in self._all_rows():
            if number > cells.last_row:
                return
            if number >= cells.first_row:
                found = row[skipped:] if skipped >= 0 else [""] * -skipped + row
                yield (found + empty)[: cells.column_count]
        for _ in range(max(number + 1, cells.first_row), cells.last_row + 1):
            yield empty

    def before_all_days(self, columns: frozenset[int]) -> set[tuple[int, int]]:
        """Cells of columns that hold dates and times whose numbers are negative: calamine makes some time of them."""
        return negative_cells(self._chunks(), columns)

    def _all_rows(self) -> Iterator[tuple[int, list[CellValue]]]:
        """All rows from the first one of the sheet on, numbered, with the columns that are used."""
        number = 0
        try:
            for number, row in enumerate(self._sheet.iter_rows(), start=1):
                yield number, row
        except (OverflowError, ValueError) as error:
            raise StepError(
                f"row {number + 1} of the sheet holds a date or a duration that is out of all time",
                code="AF-EXCEL-VALUE",
                help="mend it, or give its cell the format of a number",
            ) from error


@contextmanager
def open_sheet(book: Workbook, sheet: Sheet, context: StepContext) -> Iterator[SheetRows]:
    """Have a sheet read.

    Raises:
        StepError: it is broken, or too large to be held in memory.
    """
    from python_calamine import CalamineWorkbook

    with TemporaryFile(dir=context.scratch) as file:
        scan = _copy(book, sheet, PackageWriter(file, book.file_name), context)
        file.seek(0)
        with _telling_its_errors(book.file_name), CalamineWorkbook.from_filelike(file) as opened:
            chunks = partial(book.package.chunks, sheet.part)
            yield SheetRows(opened.get_sheet_by_index(0), scan, chunks)


@contextmanager
def _telling_its_errors(file_name: str) -> Iterator[None]:
    """Tell what calamine says against a sheet, even where it panics: no Exception is what comes out then."""
    try:
        yield
    except BaseException as error:
        kind = type(error)
        if kind.__module__.startswith(("python_calamine", "pyo3_runtime")):
            said = str(error).strip().partition("\n")[0][:200]
            raise damaged(file_name, f"its sheet can't be read: {said or kind.__name__}") from None
        raise


# The sheet alone


def _copy(book: Workbook, sheet: Sheet, writer: PackageWriter, context: StepContext) -> SheetScan:
    """Write a workbook that holds one sheet, and say what is in it."""
    package = book.package
    texts, styles = book.part_of_kind("sharedStrings"), book.part_of_kind("styles")
    parts = {"sharedStrings": texts, "styles": styles}
    for name, content in _frame(is_1904=book.is_1904, kinds=[kind for kind, part in parts.items() if part]).items():
        writer.write(new_member(name), [content.encode()])
    copied = [("xl/worksheets/sheet1.xml", sheet.part, MOST_STREAM_BYTES)]
    if texts is not None:
        copied.append(("xl/sharedStrings.xml", texts, _MOST_TEXT_BYTES))
    if styles is not None:
        copied.append(("xl/styles.xml", styles, _MOST_STYLE_BYTES))
    for name, part, most_bytes in copied:
        with package.blame(part):
            # calamine finds nothing in UTF-16, and does not say so.
            writer.write(new_member(name), _stoppable(as_utf8(package.chunks(part, most_bytes)), context))
    writer.finish()
    return _scan(package, sheet, context)


def _scan(package: Package, sheet: Sheet, context: StepContext) -> SheetScan:
    with package.blame(sheet.part):
        bounds = plain_bounds(_stoppable(package.chunks(sheet.part), context))
        if bounds is not None and _size(bounds) <= MOST_CELLS:
            return SheetScan(None, {})
        scan = scan_sheet(_stoppable(package.chunks(sheet.part), context))
    if scan.used is not None and _size(scan.used) > MOST_CELLS:
        raise too_large(
            package.file_name,
            f"the sheet {sheet.name!r} spans {scan.used}: {_size(scan.used):,} cells, "
            f"at most {MOST_CELLS:,} can be read",
        )
    return scan


def _size(cells: CellRange) -> int:
    return cells.row_count * cells.column_count


def _stoppable(chunks: Iterator[bytes], context: StepContext) -> Iterator[bytes]:
    for chunk in chunks:
        if context.cancelled.is_set():
            raise stopped()
        yield chunk


def _frame(*, is_1904: bool, kinds: list[str]) -> dict[str, str]:
    """What a workbook has around its sheet."""
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    workbook = (
        f'<workbook xmlns="{_OFFICE}/spreadsheetml/2006/main" xmlns:r="{_RELATIONSHIPS}">'
        f'<workbookPr date1904="{int(is_1904)}"/>'
        f'<sheets><sheet name="{escape(_NAME)}" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )
    targets = {"worksheet": "worksheets/sheet1.xml", **{kind: f"{kind}.xml" for kind in kinds}}
    types = {f"xl/{target}": kind for kind, target in targets.items()} | {"xl/workbook.xml": "sheet.main"}
    overrides = "".join(
        f'<Override PartName="/{part}" ContentType="{_TYPE}.{kind}+xml"/>' for part, kind in types.items()
    )
    return {
        "[Content_Types].xml": f'{head}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>',
        "_rels/.rels": head + _relationships({"officeDocument": "xl/workbook.xml"}),
        "xl/workbook.xml": head + workbook,
        "xl/_rels/workbook.xml.rels": head + _relationships(targets),
    }


def _relationships(targets: dict[str, str]) -> str:
    lines = "".join(
        f'<Relationship Id="rId{number}" Type="{_RELATIONSHIPS}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets.items(), start=1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{lines}</Relationships>'
