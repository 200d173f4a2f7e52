"""Every step that opens workbooks, on one workbook after the other, each time with what it took; a process of its own.

Usage: python program.py FOLDER < a JSON list of jobs, each with a name, a source and ways; a line of JSON for each try.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import re
import resource
import shutil
import signal
import sys
import threading
import time
import traceback
import zipfile
from pathlib import Path

from aetherflow.kernel.api import AetherFlowError, publish
from aetherflow_excel.fill_from_file_step import ExcelFillFromFile
from aetherflow_excel.fill_inputs import FillFromFileInputs, FillSmallInputs
from aetherflow_excel.fill_small_step import ExcelFillSmall
from aetherflow_excel.inspecting.picture import picture_of
from aetherflow_excel.inspecting.told import as_json, as_text
from aetherflow_excel.package.package import Package
from aetherflow_excel.read_inputs import ExcelReadInputs
from aetherflow_excel.read_step import ExcelRead
from aetherflow_excel.validate_inputs import ValidateTemplateInputs
from aetherflow_excel.validate_step import ExcelValidateTemplate

ROWS = [["Rome", 7], ["Bergen", 9]]
MOST_SECONDS = 60
MOST_BYTES = 4 * 1024**3
_PEAK = re.compile(r"VmHWM:\s+(\d+)")
_NOW = re.compile(r"VmRSS:\s+(\d+)")


class Context:
    """What a step gets."""

    def __init__(self, folder: Path) -> None:
        self.scratch = folder / "scratch"
        self.scratch.mkdir()
        self.log = self
        self.cancelled = threading.Event()

    def warning(self, *_: object, **__: object) -> None:
        pass

    def progress(self, *_: object) -> None:
        pass

    def publish(self, path: Path, *, replace: bool = True) -> object:
        return publish(path, replace=replace)


def fill_below(context, source, output):
    target = {"anchor": "ROWS", "sheet": "Report", "insert": "below", "rows_json": ROWS, "columns_json": ["a", "b"]}
    return _fill_small(context, source, output, target)


def fill_over(context, source, output):
    target = {"anchor": "Counts", "insert": "replace", "rows_json": ROWS, "columns_json": ["a", "b"]}
    return _fill_small(context, source, output, {**target, "style_mode": "copy_row"})


def _fill_small(context, source, output, target):
    inputs = FillSmallInputs(template_path=str(source), output=str(output), targets=[target])
    return ExcelFillSmall().run(context, inputs)


def fill_new_sheet(context, source, output):
    rows = output.with_name("rows.csv")
    rows.write_text("a,b\nRome,7\n")
    target = {"name": "new", "source_path": str(rows)}
    inputs = FillFromFileInputs(template_path=str(source), output=str(output), targets=[target])
    return ExcelFillFromFile().run(context, inputs)


def read(context, source, output):
    return ExcelRead().run(context, ExcelReadInputs(source=str(source), output=f"{output}.csv", header=False))


def validate(context, source, _output):
    inputs = ValidateTemplateInputs(template_path=str(source), required_names=["Counts", "ROWS"], sheet="Report")
    return ExcelValidateTemplate().run(context, inputs)


def inspect(_context, source, _output):
    with Package(source) as package:
        picture = picture_of(package)
    return as_json(picture, None), as_text(picture, None)


WAYS = {way.__name__: way for way in (fill_below, fill_over, fill_new_sheet, read, validate, inspect)}


class TooLong(BaseException):
    """It has taken longer than anything may."""


def try_way(name: str, source: Path, folder: Path) -> dict[str, object]:
    """Let one step work on a workbook, and tell how it ended and what it took."""
    folder.mkdir()
    output = folder / "out.xlsx"
    output.write_bytes(b"old")
    idle = _start_measuring()
    started = time.perf_counter()
    ended = _ending(WAYS[name], Context(folder), source, output)
    seconds = time.perf_counter() - started
    taken = _memory(_PEAK) - idle
    names = sorted(path.name for path in folder.rglob("*") if path.is_file())
    return {
        "way": name,
        **ended,
        "seconds": seconds,
        "mib": taken / 1024,
        "is_old": output.read_bytes() == b"old",
        **(_written(source, output) if name.startswith("fill") and ended["code"] is None else {}),
        "left": [name for name in names if name not in ("out.xlsx", "rows.csv", "out.xlsx.csv")],
    }


def _written(source: Path, output: Path) -> dict[str, object]:
    """Which parts of a workbook are lost or broken in what was made of it, and whether the rows are there."""
    with zipfile.ZipFile(source) as before, zipfile.ZipFile(output) as after:
        lost = sorted(set(before.namelist()) - set(after.namelist()))
        broken = after.testzip()
        sheets = [after.read(name) for name in after.namelist() if name.endswith(".xml")]
    rows_written = any(b"Rome" in sheet for sheet in sheets)
    return {"lost": [*lost, *([broken] if broken else [])], "rows_written": rows_written}


def _ending(way, context, source, output):
    try:
        way(context, source, output)
    except AetherFlowError as error:
        problem = error.problem
        return {"code": problem.code, "said": str(error), "help": problem.help}
    except (Exception, TooLong) as error:  # noqa: BLE001 - what must never come out
        return {"code": f"{type(error).__name__}", "said": traceback.format_exc()[-1500:]}
    return {"code": None}


def _start_measuring() -> int:
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    return _memory(_NOW)


def _memory(which: re.Pattern[str]) -> int:
    return int(which.search(Path("/proc/self/status").read_text())[1])


def _too_long(*_: object) -> None:
    raise TooLong


def main() -> None:
    """Try all ways on all workbooks."""
    folder = Path(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    signal.signal(signal.SIGALRM, _too_long)
    for number, job in enumerate(json.load(sys.stdin)):
        for way in job["ways"]:
            signal.alarm(MOST_SECONDS)
            told = try_way(way, Path(job["source"]), folder / f"{number}-{way}")
            signal.alarm(0)
            sys.stdout.write(json.dumps({"name": job["name"], **told}) + "\n")
            sys.stdout.flush()
            shutil.rmtree(folder / f"{number}-{way}")


if __name__ == "__main__":
    main()
    os._exit(0)
