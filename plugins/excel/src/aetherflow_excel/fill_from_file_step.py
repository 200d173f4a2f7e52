"""The step that fills a template with the rows of files."""

from __future__ import annotations

from aetherflow.kernel.api import Effect, NothingDone, Rerun, Step, StepContext

from .fill_inputs import FileTarget, FillFromFileInputs, FillOutputs


class ExcelFillFromFile(Step[FillFromFileInputs, FillOutputs]):
    """Fill sheets and regions of a workbook template from CSV, TSV or Parquet files, and lose nothing of it."""

    name = "excel_fill_from_file"
    effects = frozenset({Effect.READ_FILES, Effect.WRITE_FILES})
    rerun = Rerun.SAFE

    def run(self, context: StepContext, inputs: FillFromFileInputs) -> FillOutputs:
        """Fill the template.

        Raises:
            NothingDone: a region would have more rows than its threshold allows.
        """
        from .filling_run import fill_and_publish, fillings_of
        from .sources import file_table

        tables = [(target, file_table(target), _data_sheet(target)) for target in inputs.targets]
        fillings = fillings_of(context, tables)
        for target, filling in zip(inputs.targets, fillings, strict=True):
            _ask_threshold(context, target, filling.row_count, target.rows_threshold or inputs.rows_threshold)
        return fill_and_publish(context, inputs.template_path, inputs.output, fillings)


def _data_sheet(target: FileTarget) -> str | None:
    """The sheet to make where it is missing."""
    if target.mode != "data_sheet":
        return None
    return target.sheet or target.data_sheet_prefix + target.name


def _ask_threshold(context: StepContext, target: FileTarget, rows: int, threshold: int) -> None:
    if target.mode != "report_region" or rows <= threshold:
        return
    what = f"target {target.name!r} would put {rows:,} rows into a report, its threshold is {threshold:,}"
    if target.fail_on_threshold:
        raise NothingDone(
            what,
            code="AF-EXCEL-TOO-LARGE",
            help="fill a data sheet instead (mode: data_sheet), raise rows_threshold, or set fail_on_threshold: false",
        )
    context.log.warning(what)
