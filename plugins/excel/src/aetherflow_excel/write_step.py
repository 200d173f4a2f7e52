"""The step that writes a new workbook."""

from __future__ import annotations

from aetherflow.kernel.api import Effect, Rerun, Step, StepContext

from .system_errors import while_writing
from .write_inputs import ExcelWriteInputs, ExcelWriteOutputs


class ExcelWrite(Step[ExcelWriteInputs, ExcelWriteOutputs]):
    """Write a new workbook whose sheets are the rows of CSV, TSV or Parquet files.

    Texts stay texts, whatever they begin with. Equal inputs give equal bytes. The workbook appears whole, under its
    name, when the step ends well.
    """

    name = "excel_write"
    effects = frozenset({Effect.READ_FILES, Effect.WRITE_FILES})
    rerun = Rerun.SAFE

    def run(self, context: StepContext, inputs: ExcelWriteInputs) -> ExcelWriteOutputs:
        """Write the workbook."""
        from .writing.workbooks import write_workbook

        with while_writing(inputs.output):
            return write_workbook(context, inputs)
