"""Flows of steps that do next to nothing, so that what is measured is the engine."""

from __future__ import annotations

from pathlib import Path

STEP = """\
      - id: s{number}
        type: check_items
        inputs:
          items: [a, b, c]
          min_count: 1
"""
#: Of the rows that workbooks are filled with.
DTYPES = (
    "id: int, name: string, quantity: int, price: float, share: float, status: string, note: string, day: date,"
    " at: datetime, code: string"
)


def write_chain(folder: Path, steps: int) -> Path:
    """One job of so many steps."""
    written = "".join(STEP.format(number=number) for number in range(steps))
    return _write(folder / f"chain_{steps}.yaml", f"  - id: main\n    steps:\n{written}")


def write_fan(folder: Path, jobs: int, *, at_a_time: int = 1) -> Path:
    """So many jobs of one step, which do not depend on each other."""
    written = (f"  - id: j{number}\n    steps:\n{STEP.format(number=number)}" for number in range(jobs))
    return _write(folder / f"fan_{jobs}_{at_a_time}.yaml", "".join(written), at_a_time=at_a_time)


def write_packing(folder: Path, compression: str) -> Path:
    """One step that packs a folder beside the flow."""
    items = ", ".join(sorted(path.name for path in folder.iterdir()))
    inputs = f"{{src_dir: {folder.name}, items: [{items}], dest_path: files.zip, compression: {compression}}}"
    steps = f"  - id: main\n    steps:\n      - {{id: pack, type: zip, inputs: {inputs}}}\n"
    return _write(folder.with_name(f"packing_{compression}.yaml"), steps)


def write_filling(folder: Path, insert: str) -> Path:
    """One step that fills the template beside the flow with the rows beside it."""
    target = (
        "{name: rows, sheet: Report, cell: A1, template_has_header: true, header_mode: template, mode: report_region,"
        f" insert: {insert}, source_path: rows.csv, type_cast: schema, dtypes: {{{DTYPES}}}, rows_threshold: 2000000}}"
    )
    inputs = f"{{template_path: template.xlsx, output: filled.xlsx, targets: [{target}]}}"
    steps = f"  - id: main\n    steps:\n      - {{id: fill, type: excel_fill_from_file, inputs: {inputs}}}\n"
    return _write(folder / f"filling_{insert}.yaml", steps)


def _write(file: Path, jobs: str, *, at_a_time: int = 1) -> Path:
    more = "" if at_a_time == 1 else f"  concurrency: {{max_parallel_jobs: {at_a_time}}}\n"
    file.write_text(f"version: 1\nflow:\n  id: {file.stem}\n{more}jobs:\n{jobs}", encoding="utf-8")
    return file
