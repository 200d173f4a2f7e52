"""A place to work in: a folder of the test's own, and the context of a step that remembers what it is told."""

from __future__ import annotations

import threading
from pathlib import Path

from aetherflow.kernel.api import Skip, publish
from aetherflow_excel.fill_from_file_step import ExcelFillFromFile
from aetherflow_excel.fill_inputs import FillFromFileInputs
from aetherflow_excel.read_inputs import ExcelReadInputs
from aetherflow_excel.read_step import ExcelRead
from aetherflow_excel.write_inputs import ExcelWriteInputs
from aetherflow_excel.write_step import ExcelWrite


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
        self.scratch.mkdir(exist_ok=True)
        self.log = Log()
        self.cancelled = threading.Event()
        self.done = []

    def progress(self, done, total=None, unit="rows"):
        assert unit == "rows"
        self.done.append((done, total))

    def publish(self, path, *, replace=True):
        return publish(path, owner="key", replace=replace)


class Workplace:
    """A folder and the steps that work in it."""

    def __init__(self, folder: Path, kind: type[Context] = Context):
        self.folder = folder
        self.context = kind(folder)

    def read(self, source="book.xlsx", output="out.csv", **inputs):
        """The outputs of `excel_read`; those of a skip with its reason."""
        given = {"source": str(self.folder / source), "output": str(self.folder / output), **inputs}
        return _outputs(ExcelRead().run(self.context, ExcelReadInputs(**given)))

    def read_text(self, source="book.xlsx", output="out.csv", **inputs):
        """What `excel_read` writes."""
        self.read(source, output, **inputs)
        return (self.folder / output).read_bytes().decode()

    def write(self, output="book.xlsx", **inputs):
        """The outputs of `excel_write`; sources are names of files in the folder."""
        given = {"output": str(self.folder / output), **inputs}
        if "source" in given:
            given["source"] = str(self.folder / given["source"])
        if "sheets" in given:
            given["sheets"] = [{**sheet, "source": str(self.folder / sheet["source"])} for sheet in given["sheets"]]
        return _outputs(ExcelWrite().run(self.context, ExcelWriteInputs(**given)))

    def fill(self, template="template.xlsx", output="report.xlsx", *targets):
        """The outputs of `excel_fill_from_file`; sources are names of files in the folder."""
        inputs = FillFromFileInputs(
            template_path=str(self.folder / template),
            output=str(self.folder / output),
            targets=[{**target, "source_path": str(self.folder / target["source_path"])} for target in targets],
        )
        return _outputs(ExcelFillFromFile().run(self.context, inputs))

    def write_csv(self, text, name="rows.csv"):
        """A file to write from; answers its name."""
        (self.folder / name).write_text(text, encoding="utf-8", newline="")
        return name

    def write_parquet(self, columns, name="rows.parquet"):
        """The same for columns with types."""
        import pyarrow as pa
        from pyarrow import parquet

        parquet.write_table(pa.table(columns), self.folder / name)
        return name


def _outputs(result):
    if isinstance(result, Skip):
        return {"reason": result.reason, **result.outputs.model_dump(mode="json")}
    return result.model_dump(mode="json")
