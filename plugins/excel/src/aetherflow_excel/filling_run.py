"""What both steps that fill templates do: rows found, the workbook written and put in its place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from aetherflow.kernel.api import NothingDone, StepContext

from .digests import digest_of
from .fill_inputs import FidelityReport, FillOutputs, WrittenRegion
from .filling.fill import Filled, fill
from .filling.regions import Filling, check_limits
from .progress import Progress, WatchedTable
from .rows.memory import lean_memory
from .system_errors import while_writing

if TYPE_CHECKING:
    from .fill_inputs import Target
    from .filling.sheet_plan import PlacedRegion
    from .rows.sources import Table


@lean_memory()
def fillings_of(context: StepContext, tables: Sequence[tuple[Target, Table, str | None]]) -> list[Filling]:
    """The targets with their rows counted; each with the sheet to make where it is missing.

    Raises:
        StepError: rows can't be read, or are more than a target allows.
    """
    progress = Progress(context)
    found = [
        Filling(target, WatchedTable(table, progress), table.count_rows(), new_sheet)
        for target, table, new_sheet in tables
    ]
    progress.total = sum(filling.row_count for filling in found)
    check_limits(found)
    return found


@lean_memory()
def fill_and_publish(context: StepContext, template: Path, output: Path, fillings: Sequence[Filling]) -> FillOutputs:
    """Fill a template, and put the workbook in its place when it is whole.

    Raises:
        NothingDone: rows would be inserted into the template itself.
        StepError: something can't be filled, or a value or the file can't be written.
    """
    _refuse_inserting_again(template, output, fillings)
    with while_writing(output), context.publish(output) as temporary:
        filled = fill(template, temporary, output.suffix, fillings)
        digest, size = digest_of(temporary)
    for warning in filled.fidelity.warnings:
        context.log.warning(warning)
    return FillOutputs(
        output=str(output),
        written=[_written(place) for place in filled.places],
        fidelity=_report(filled),
        sha256=digest,
        size=size,
    )


def _refuse_inserting_again(template: Path, output: Path, fillings: Sequence[Filling]) -> None:
    """Refuse what a second attempt would do twice: rows inserted into the template itself."""
    is_inserting = any(filling.target.insert_in_force == "below" for filling in fillings)
    if is_inserting and output.exists() and output.samefile(template):
        raise NothingDone(
            "the output is the template itself, and with insert: below each run would insert its rows again",
            code="AF-EXCEL-OUTPUT",
            help="write to another file, or fill with insert: replace",
        )


def _report(filled: Filled) -> FidelityReport:
    fidelity = filled.fidelity
    return FidelityReport(
        kept=sorted(fidelity.kept),
        changed=sorted(fidelity.changed),
        added=sorted(fidelity.added),
        dropped=sorted(fidelity.dropped),
        warnings=fidelity.warnings,
    )


def _written(place: PlacedRegion) -> WrittenRegion:
    region, target = place.region, place.region.target
    return WrittenRegion(
        name=target.name,
        sheet=region.sheet.name,
        rows=region.filling.row_count,
        cols=region.column_count,
        insert=target.insert_in_force,
        header_mode=target.header_mode_in_force,
        header_style=target.header_style,
        type_cast=target.type_cast_in_force,
        style_mode=target.style_mode,
        start_cell=place.start_cell,
        template_has_header=region.has_template_header,
    )
