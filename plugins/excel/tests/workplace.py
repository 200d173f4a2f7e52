"""A place to work in: a folder of the test's own, and the context of a step that remembers what it is told."""

from __future__ import annotations

import threading
from pathlib import Path

from aetherflow.kernel.api import Skip, publish
from aetherflow_excel.read_inputs import ExcelReadInputs
from aetherflow_excel.read_step import ExcelRead


class Log:
    """Remembers its warnings."""

    def __init__(self):
        self.warnings = []

    def warning(self, message, **fields):
        self.warnings.append((message, fields))


class Context:
    """What a step gets, its progress remembered."""

    def __init__(self, folder):
        self.scratch = folder / "scratch"
        self.log = Log()
        self.cancelled = threading.Event()
        self.done = []

    def progress(self, done, total=None, unit="rows"):
        assert unit == "rows"
        self.done.append(done)

    def publish(self, path, *, replace=True):
        return publish(path, replace=replace)


class Workplace:
    """A folder and the steps that work in it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.context = Context(folder)

    def read(self, source="book.xlsx", output="out.csv", **inputs):
        """The outputs of `excel_read`; those of a skip with its reason."""
        given = {"source": str(self.folder / source), "output": str(self.folder / output), **inputs}
        return _outputs(ExcelRead().run(self.context, ExcelReadInputs(**given)))

    def read_text(self, source="book.xlsx", output="out.csv", **inputs):
        """What `excel_read` writes."""
        self.read(source, output, **inputs)
        return (self.folder / output).read_bytes().decode()


def _outputs(result):
    if isinstance(result, Skip):
        return {"reason": result.reason, **result.outputs.model_dump(mode="json")}
    return result.model_dump(mode="json")
