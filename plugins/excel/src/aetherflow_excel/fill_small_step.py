"""The step that fills a template with rows that stand in the flow."""

from __future__ import annotations

from aetherflow.kernel.api import Effect, Rerun, Step, StepContext

from .fill_inputs import FillOutputs, FillSmallInputs


class ExcelFillSmall(Step[FillSmallInputs, FillOutputs]):
    """Fill regions of a workbook template with some rows, and lose nothing of it."""

    name = "excel_fill_small"
    effects = frozenset({Effect.READ_FILES, Effect.WRITE_FILES})
    rerun = Rerun.SAFE

    def run(self, context: StepContext, inputs: FillSmallInputs) -> FillOutputs:
        """Fill the template."""
        from .filling_run import fill_and_publish, fillings_of
        from .sources import small_table

        fillings = fillings_of(context, [(target, small_table(target), None) for target in inputs.targets])
        return fill_and_publish(context, inputs.template_path, inputs.output, fillings)
