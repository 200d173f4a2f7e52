"""The step that checks a template before anything is done for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aetherflow.kernel.api import Effect, NothingDone, Rerun, Step, StepContext

from .validate_inputs import ValidateTemplateInputs, ValidateTemplateOutputs

if TYPE_CHECKING:
    from .workbook.anchors import Place


class ExcelValidateTemplate(Step[ValidateTemplateInputs, ValidateTemplateOutputs]):
    """Check that a workbook template has the names and texts that a flow is going to fill it by."""

    name = "excel_validate_template"
    effects = frozenset({Effect.READ_FILES})
    rerun = Rerun.SAFE

    def run(self, context: StepContext, inputs: ValidateTemplateInputs) -> ValidateTemplateOutputs:
        """Look for each of them.

        Raises:
            NothingDone: one is missing.
        """
        from .package.package import Package
        from .workbook.anchors import find_anchor
        from .workbook.book import Workbook

        wanted = _names(inputs.required_names)
        with Package(inputs.template_path) as package:
            book = Workbook(package)
            places = {name: find_anchor(book, name, inputs.sheet) for name in wanted}
            missing = [name for name, place in places.items() if place is None]
            if missing:
                known = ", ".join(sorted(name.name for name in book.defined_names if not name.is_hidden)[:20])
                raise NothingDone(
                    f"{package.file_name} has no named range and no cell with this text: {', '.join(missing)}",
                    code="AF-EXCEL-ANCHOR",
                    help=f"it has the names {known or '(none)'}; texts are looked for on the sheet that `sheet` names",
                )
        found = {name: place for name, place in places.items() if place is not None}
        return ValidateTemplateOutputs(
            template_ok=True,
            found_named_ranges={name: _told(place) for name, place in found.items() if place.found_by == "name"},
            found_anchor_cells={name: _told(place) for name, place in found.items() if place.found_by != "name"},
        )


def _told(place: Place) -> str:
    return f"{place.sheet.name}!{place.range}"


def _names(given: str | list[str]) -> list[str]:
    """The names: a text that is a JSON list is one, every other text is a name itself."""
    if not isinstance(given, str):
        return given
    try:
        names = json.loads(given)
    except ValueError:
        return [given]
    return names if isinstance(names, list) and all(isinstance(name, str) for name in names) else [given]
