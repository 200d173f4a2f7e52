"""The step that reads a table from a workbook."""

from __future__ import annotations

from aetherflow.kernel.api import Effect, Rerun, Skip, Step, StepContext

from .read_inputs import ExcelReadInputs, ExcelReadOutputs
from .system_errors import while_writing


class ExcelRead(Step[ExcelReadInputs, ExcelReadOutputs]):
    """Write a sheet of a workbook, or a part of one, to a CSV, TSV, Parquet or JSON lines file.

    Values are the ones that are stored in the workbook: formulas are not calculated. A column has the type that all
    of its values have. The sheet is held in memory. The file appears whole, under its name, when the step ends well.
    """

    name = "excel_read"
    effects = frozenset({Effect.READ_FILES, Effect.WRITE_FILES})
    rerun = Rerun.SAFE

    def run(self, context: StepContext, inputs: ExcelReadInputs) -> ExcelReadOutputs | Skip[ExcelReadOutputs]:
        """Write the file, or skip where there are too few rows."""
        from .reading.tables import read_table

        with while_writing(inputs.output):
            outputs = read_table(context, inputs)
        if outputs.row_count < inputs.min_rows:
            return Skip(f"row_count({outputs.row_count}) < min_rows({inputs.min_rows})", outputs)
        return outputs
