"""The cells of one region: what is written, with which formats, and what goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ..grid.cells import CellRange
from ..rows.cells import CellPlan, render_cells, row_slices
from ..rows.links import Links
from ..rows.planning import plan_cells
from ..rows.rules import ValueRules
from ..rows.styles import StyleSheet
from .blocks import Block, Render, Styles, runs_of
from .calculated_columns import calculated_blocks
from .sheet_filling import SheetChanges
from .sheet_plan import PlacedRegion, SheetPlan

if TYPE_CHECKING:
    import pyarrow as pa


def sheet_changes(plan: SheetPlan, styles: StyleSheet, *, counts_from_1904: bool) -> SheetChanges:
    """What is written, emptied and removed on a sheet."""
    regions = [RegionCells(plan, place, styles, counts_from_1904=counts_from_1904) for place in plan.places]
    return SheetChanges(
        blocks=[*(block for region in regions for block in region.blocks()), *calculated_blocks(plan)],
        emptied=[cells for region in regions for cells in region.emptied()],
        removed=[cells for region in regions for cells in region.removed()],
        rows=[region.rows for region in regions],
        links=[region.links for region in regions],
        prefix=plan.survey.prefix,
    )


class RegionCells:
    """What becomes of the cells of one region."""

    def __init__(self, plan: SheetPlan, place: PlacedRegion, styles: StyleSheet, *, counts_from_1904: bool) -> None:
        self._plan = plan
        self._place = place
        self._region = place.region
        self._target = place.region.target
        self._styles = styles
        self._rules = ValueRules(exact=self._target.exact, counts_from_1904=counts_from_1904)
        #: The links among its texts, known when they are written.
        self.links = Links(self._target.hyperlinks, self._region.first_column)
        #: All rows of its table, of which those that were counted are written.
        self.rows = self._batches()
        self._columns = range(self._region.first_column, self._region.last_column + 1)

    def blocks(self) -> Iterator[Block]:
        """The header and the data, as far as they are written."""
        table = self._region.filling.table
        if self._place.header is not None:
            yield Block(self._place.header, [_header_batch(table.columns)], self._render, [(1, self._header_styles())])
        if self._place.data is not None:
            attributes = self._row_attributes()
            yield Block(self._place.data, self.rows, self._render, self._data_runs(), attributes)

    def emptied(self) -> Iterator[CellRange]:
        """The anchor and the rest of an old header, where they are cleared."""
        region, target = self._region, self._target
        if target.anchor_clear:
            row = self._plan.moved_row(region.anchor_row)
            is_row = target.anchor_clear_mode == "row"
            first = 1 if is_row else region.first_column
            last = max(self._plan.survey.last_column, 1) if is_row else first + target.anchor_clear_width - 1
            yield CellRange(row, first, row, last)
        if self._place.header is not None and target.header_mode_in_force == "override" and target.header_clear:
            row = self._place.header.first_row
            yield CellRange(row, region.first_column, row, region.first_column + self._old_header_width() - 1)
        if (
            self._is_data_sheet
            and (last_row := self._plan.moved_row(self._plan.survey.last_row)) >= self._place.data_row
        ):
            yield CellRange(self._place.data_row, region.first_column, last_row, region.last_column)

    def removed(self) -> Iterator[CellRange]:
        """The style row, where it is cleared."""
        row = self._region.style_row
        if row is not None and self._target.clear_style_row:
            now = self._plan.moved_row(row)
            yield CellRange(now, self._region.first_column, now, self._region.last_column)

    def _batches(self) -> Iterator[pa.RecordBatch]:
        row = self._place.data_row
        for batch in self._region.filling.table.batches():
            self.links.look_at(batch, row)
            yield batch
            row += batch.num_rows

    @property
    def _is_data_sheet(self) -> bool:
        return self._region.filling.new_sheet is not None

    def _old_header_width(self) -> int:
        if self._target.header_clear_width is not None:
            return self._target.header_clear_width
        look = self._plan.survey.rows.get(self._region.top_row)
        column = self._region.first_column
        while look is not None and column in look.filled:
            column += 1
        return max(column - self._region.first_column, 1)

    def _row_attributes(self) -> str:
        region = self._region
        row = region.style_row
        if row is None or not region.is_inserted or not self._copies_to("data"):
            return ""
        return " ".join(f'{name}="{value}"' for name, value in self._plan.survey.row_look(row).items())

    def _copies_to(self, what: str) -> bool:
        return self._target.style_mode == "copy_row" and self._target.style_apply in (what, "both")

    def _styles_at(self, row: int) -> Styles:
        return tuple(self._plan.survey.style_at(row, column) for column in self._columns)

    def _header_styles(self) -> Styles:
        region, row = self._region, self._region.style_row
        if row is not None and (self._target.header_style == "style_row" or self._copies_to("header")):
            return self._styles_at(row)
        if self._plan.is_new and getattr(self._target, "header_bold", False):
            return tuple(self._styles.with_bold(0) for _ in self._columns)
        is_new_row = region.is_header_inserted and not region.has_template_header
        return self._new_row_styles() if is_new_row else self._styles_at(region.top_row)

    def _new_row_styles(self) -> Styles:
        return tuple(self._plan.survey.column_style(column) for column in self._columns)

    def _data_runs(self) -> list[tuple[int, Styles]]:
        """The formats of the data's rows: the style row's, else those of the cells that are replaced."""
        row, data = self._region.style_row, self._place.data
        if data is None:
            return []
        if row is not None and self._copies_to("data"):
            return [(data.row_count, self._styles_at(row))]
        return runs_of(self._template_rows(data))

    def _template_rows(self, data: CellRange) -> Iterator[tuple[int, Styles]]:
        row, plain = data.first_row, self._new_row_styles()
        if not self._region.is_inserted:
            for known in sorted(self._plan.survey.rows):
                now = self._plan.moved_row(known)
                if row <= now <= data.last_row:
                    yield now - row, plain
                    yield 1, self._styles_at(known)
                    row = now + 1
        yield data.last_row - row + 1, plain

    @property
    def _render(self) -> Render:
        plan_of: dict[Styles, CellPlan] = {}
        first_column, prefix = self._region.first_column, self._plan.survey.prefix

        def render(batch: pa.RecordBatch, first_row: int, styles: Styles) -> Iterator[pa.Array]:
            plan = plan_of.get(styles)
            if plan is None:
                plan = plan_cells(batch.schema, styles, self._styles, rules=self._rules, prefix=prefix)
                plan_of[styles] = plan
            for piece in row_slices(batch):
                yield render_cells(piece, first_row, first_column, plan)
                first_row += piece.num_rows

        return render


def _header_batch(columns: Sequence[str]) -> pa.RecordBatch:
    import pyarrow as pa

    return pa.RecordBatch.from_arrays([pa.array([name]) for name in columns], names=list(columns))
