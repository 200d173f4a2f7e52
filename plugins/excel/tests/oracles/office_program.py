"""Started with the system's Python, which has LibreOffice's module `uno`: does with many workbooks what one office can.

usage: office_program.py JOBS.json    a list of {"do": …, "source": …, "target": …}; answers are written to the targets

| do | target |
|---|---|
| values | JSON: the cells of each sheet after a hard recalculation, the ranges of its charts, and the names |
| picture | a PDF |
| save | a workbook, as LibreOffice writes it |
| pivot | a workbook with a pivot table over the range "range" of the first sheet, at its cell "at" |
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException
from com.sun.star.sheet.DataPilotFieldOrientation import DATA, ROW

STARTING_SECONDS = 60
#: Formulas of whose results LibreOffice says that they are errors.
ERRORS = 4
FILTERS = {".xlsx": "Calc MS Excel 2007 XML", ".pdf": "calc_pdf_Export"}


def main(jobs: list[dict[str, str]]) -> None:
    """Start an office with a profile of its own, do the jobs, end it."""
    with tempfile.TemporaryDirectory(prefix="office-") as profile:
        pipe = f"aetherflow{Path(profile).name}"
        office = subprocess.Popen(
            [
                "soffice",
                f"-env:UserInstallation=file://{profile}",
                "--headless",
                "--norestore",
                "--nologo",
                f"--accept=pipe,name={pipe};urp;StarOffice.ComponentContext",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            desktop = connect(office, pipe)
            for job in jobs:
                do(desktop, job)
            desktop.terminate()
            office.wait(30)
        finally:
            if office.poll() is None:
                office.kill()
                office.wait()


def connect(office: subprocess.Popen[bytes], pipe: str) -> object:
    """Wait until the office answers."""
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
    url = f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext"
    end = time.monotonic() + STARTING_SECONDS
    while True:
        try:
            context = resolver.resolve(url)
        except NoConnectException:
            if office.poll() is not None or time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)


def do(desktop: object, job: dict[str, str]) -> None:
    """Do one job; what fails is written to the target's neighbour `.failed`."""
    target = Path(job["target"])
    document = None
    try:
        document = desktop.loadComponentFromURL(
            uno.systemPathToFileUrl(job["source"]), "_blank", 0, (having("Hidden", value=True),)
        )
        # What it does not open is null, and has no methods.
        DOING[job["do"]](document, target, job)
    except Exception as error:  # noqa: BLE001 - any failure is the answer to this job alone
        target.with_name(target.name + ".failed").write_text(f"{type(error).__name__}: {error}")
    finally:
        if document is not None:
            document.close(True)


def values(document: object, target: Path, _job: dict[str, str]) -> None:
    """Recalculate everything and tell what stands where."""
    document.calculateAll()
    sheets = {sheet.Name: cells(sheet) for sheet in document.Sheets}
    charts = {sheet.Name: [ranges(chart) for chart in sheet.Charts] for sheet in document.Sheets}
    names = {name.Name: name.Content for name in document.NamedRanges}
    target.write_text(json.dumps({"sheets": sheets, "charts": charts, "names": names}))


def cells(sheet: object) -> dict[str, object]:
    """Every cell that is not empty: text, a number, or {"error": …}."""
    cursor = sheet.createCursor()
    cursor.gotoEndOfUsedArea(False)
    area = sheet.getCellRangeByPosition(0, 0, cursor.RangeAddress.EndColumn, cursor.RangeAddress.EndRow)
    broken = {cell.AbsoluteName: cell.String for cell in each(area.queryFormulaCells(ERRORS).Cells)}
    found = {
        f"{letters(column)}{row}": value
        for row, line in enumerate(area.getDataArray(), 1)
        for column, value in enumerate(line)
        if value not in {"", None}
    }
    return found | {name.rpartition(".")[2].replace("$", ""): {"error": text} for name, text in broken.items()}


def each(collection: object) -> Iterator[object]:
    """What an enumeration gives."""
    enumeration = collection.createEnumeration()
    while enumeration.hasMoreElements():
        yield enumeration.nextElement()


def letters(column: int) -> str:
    """A column's name, counted from zero."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def ranges(chart: object) -> list[str]:
    """What a chart draws, series by series."""
    found = []
    for system in chart.EmbeddedObject.FirstDiagram.CoordinateSystems:
        for kind in system.ChartTypes:
            for series in kind.DataSeries:
                found += [sequence.Values.SourceRangeRepresentation for sequence in series.DataSequences]
    return found


def picture(document: object, target: Path, _job: dict[str, str]) -> None:
    """Print it."""
    document.calculateAll()
    store(document, target)


def save(document: object, target: Path, _job: dict[str, str]) -> None:
    """Save it as a workbook."""
    document.calculateAll()
    store(document, target)


def pivot(document: object, target: Path, job: dict[str, str]) -> None:
    """Put a pivot table on the first sheet: the first column in rows, the last one summed."""
    sheet = document.Sheets.getByIndex(0)
    source = sheet.getCellRangeByName(job["range"])
    tables = sheet.DataPilotTables
    described = tables.createDataPilotDescriptor()
    described.setSourceRange(source.RangeAddress)
    fields = described.DataPilotFields
    fields.getByIndex(0).Orientation = ROW
    fields.getByIndex(fields.Count - 2).Orientation = DATA
    tables.insertNewByName(
        "ByFirst", sheet.getCellRangeByName(job["at"]).getCellByPosition(0, 0).CellAddress, described
    )
    store(document, target)


def store(document: object, target: Path) -> None:
    """Write it in the format that its suffix names."""
    document.storeToURL(uno.systemPathToFileUrl(str(target)), (having("FilterName", FILTERS[target.suffix]),))


def having(name: str, value: object) -> PropertyValue:
    """One property."""
    made = PropertyValue()
    made.Name, made.Value = name, value
    return made


DOING = {"values": values, "picture": picture, "save": save, "pivot": pivot}


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
