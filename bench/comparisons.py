"""What is compared with what: a new comparison is one entry here, and a program beside it where it needs one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from .comparison import Comparison, Side
from .flows import write_packing
from .measure import measure
from .schedules import schedule_hold, schedule_late
from .setting import AETHERFLOW, ARCHIVES, HERE, PYTHON, TABLES, Setting
from .workbooks import workbook_below, workbook_memory, workbook_replace

#: How often ours may take what the floor takes.
START, FIRST_STEP, STEPS, READ = 1.2, 1.2, 1.3, 2.0
PEAK_OF_STEPS = 45.0


def help_of_all(setting: Setting) -> Comparison:
    """`aetherflow --help`."""
    return _start(setting, "help", "--help", ("--help",), expects="validate")


def version(setting: Setting) -> Comparison:
    """`aetherflow --version`."""
    return _start(setting, "version", "--version", ("--version",), expects="aetherflow")


def plugins_list(setting: Setting) -> Comparison:
    """`aetherflow plugins list`."""
    title = f"plugins list, {setting.plugins} installed beside ours"
    return _start(setting, "plugins-list", title, ("plugins", "list"), expects=f"crowd{setting.plugins - 1:02}")


def validate(setting: Setting) -> Comparison:
    """`aetherflow validate` of a flow of one step."""
    flow = setting.chain(1)
    command = ("validate", flow.name)
    return _start(setting, "validate", "validate a flow of one step", command, expects="OK", files=(flow,), aim=None)


def first_step(setting: Setting) -> Comparison:
    """A flow of one step."""
    return _chain(setting, "first-step", "the first step of a flow", 1, aim=FIRST_STEP)


def chain(setting: Setting) -> Comparison:
    """A job of many steps."""
    title = f"{setting.steps:,} steps in a chain"
    return _chain(setting, "chain", title, setting.steps, aim=STEPS, peak_aim=PEAK_OF_STEPS)


def fan(setting: Setting) -> Comparison:
    """Many independent jobs."""
    flow = setting.fan()
    title = f"{setting.steps:,} independent jobs"
    return Comparison(name="fan", title=title, ours=run_of(flow), beside=(floor_side(flow, setting.steps, aim=STEPS),))


def fan_of_two(setting: Setting) -> Comparison:
    """Many independent jobs, two at a time."""
    flow = setting.fan(at_a_time=2)
    floor = floor_side(flow, setting.steps, workers=2, aim=STEPS)
    title = f"{setting.steps:,} independent jobs, two at a time"
    return Comparison(name="fan-of-two", title=title, ours=run_of(flow), beside=(floor,))


def validate_steps(setting: Setting) -> Comparison:
    """A flow of many steps, read and checked; the start of both programs is in it."""
    return _read(setting, "validate-steps", setting.steps)


def read(setting: Setting) -> Comparison:
    """A long flow, read and checked."""
    return _read(setting, "read", 10 * setting.steps)


def rows_csv(setting: Setting) -> Comparison:
    """A large table to CSV."""
    return _rows(setting, "csv", ("sqlite3", *_adbc(setting)))


def rows_parquet(setting: Setting) -> Comparison:
    """A large table to Parquet."""
    return _rows(setting, "parquet", _adbc(setting))


def memory_csv(setting: Setting) -> Comparison:
    """A large table to CSV, and a tenth of it: memory should not grow with rows."""
    return _memory(setting, "csv")


def memory_parquet(setting: Setting) -> Comparison:
    """A large table to Parquet, and a tenth of it."""
    return _memory(setting, "parquet")


def zip_deflated(setting: Setting) -> Comparison:
    """Mixed files into an archive, deflated."""
    python = (PYTHON, str(ARCHIVES), "zipfile", str(setting.files), "files.zip")
    others = {"Python's zipfile": python, "the command zip": ("zip", "-qr", "files.zip", str(setting.files))}
    return _archive(setting, "deflated", others)


def zip_stored(setting: Setting) -> Comparison:
    """Mixed files into an archive, as they are."""
    others = {
        "the command zip, stored": ("zip", "-0qr", "files.zip", str(setting.files)),
        "a copy": ("cp", "-r", str(setting.files), "files"),
    }
    return _archive(setting, "stored", others)


#: In the order in which they are measured.
COMPARISONS: dict[str, Callable[[Setting], Comparison]] = {
    "help": help_of_all,
    "version": version,
    "plugins-list": plugins_list,
    "validate": validate,
    "first-step": first_step,
    "chain": chain,
    "fan": fan,
    "fan-of-two": fan_of_two,
    "validate-steps": validate_steps,
    "read": read,
    "rows-csv": rows_csv,
    "rows-parquet": rows_parquet,
    "memory-csv": memory_csv,
    "memory-parquet": memory_parquet,
    "zip-deflated": zip_deflated,
    "zip-stored": zip_stored,
    "workbook-below": workbook_below,
    "workbook-replace": workbook_replace,
    "workbook-memory": workbook_memory,
    "schedule-hold": schedule_hold,
    "schedule-late": schedule_late,
}
#: Short enough to be run below valgrind.
COUNTED_BY_INSTRUCTION = ("help", "version", "plugins-list", "validate", "first-step")


def run_of(flow: Path) -> Side:
    """Our run of a flow."""
    return Side(name="aetherflow", command=(AETHERFLOW, "run", flow.name), files=(flow,), expects="SUCCESS")


def floor_side(flow: Path, steps: int, *, workers: int = 1, aim: float | None = None) -> Side:
    """The floor's run of a flow."""
    name = "floor" if workers == 1 else f"floor, {workers} workers"
    command = (PYTHON, str(HERE / "floors" / "engine.py"), flow.name, "ledger.db", str(workers))
    return Side(name=name, command=command, files=(flow,), expects=f"{steps} steps", aim=aim)


def peer_sides(setting: Setting, steps: int) -> Iterator[Side]:
    """The same flow with other engines."""
    for name in ("doit", "luigi") if setting.peers else ():
        command = (str(setting.peers), str(HERE / "peers" / f"{name}_steps.py"), str(steps))
        yield Side(name=name, command=command, expects=f"{steps} steps")


def _start(
    setting: Setting,
    name: str,
    title: str,
    arguments: tuple[str, ...],
    *,
    expects: str,
    files: tuple[Path, ...] = (),
    aim: float | None = START,
) -> Comparison:
    wide = {"COLUMNS": "200"}
    ours = Side(
        name="aetherflow",
        command=(setting.crowd.aetherflow, *arguments),
        files=files,
        expects=expects,
        environment=wide,
    )
    bare = Side(name="typer --help", command=(setting.crowd.bare, "--help"), expects="Usage", environment=wide, aim=aim)
    return Comparison(name=name, title=title, ours=ours, beside=(bare,))


def _chain(
    setting: Setting, name: str, title: str, steps: int, *, aim: float, peak_aim: float | None = None
) -> Comparison:
    flow = setting.chain(steps)
    beside = (floor_side(flow, steps, aim=aim), *peer_sides(setting, steps))
    return Comparison(name=name, title=title, ours=run_of(flow), beside=beside, peak_aim=peak_aim)


def _read(setting: Setting, name: str, steps: int) -> Comparison:
    flow = setting.chain(steps)
    return Comparison(
        name=name,
        title=f"{steps:,} steps read and checked",
        ours=Side(name="aetherflow", command=(AETHERFLOW, "validate", flow.name), files=(flow,), expects="OK"),
        beside=tuple(_loader(flow, steps, collector, aim) for collector, aim in (("paused", READ), ("plain", None))),
    )


def _loader(flow: Path, steps: int, collector: str, aim: float | None) -> Side:
    name = "C loader, collector paused" if collector == "paused" else "C loader"
    command = (PYTHON, str(HERE / "floors" / "yaml_loader.py"), collector, flow.name)
    return Side(name=name, command=command, files=(flow,), expects=f"{steps} steps", aim=aim)


def _rows(setting: Setting, table_format: str, others: tuple[str, ...]) -> Comparison:
    database = setting.table(setting.rows)
    return Comparison(
        name=f"rows-{table_format}",
        title=f"{setting.rows:,} rows from SQLite to {table_format}",
        ours=_extraction(database, table_format),
        beside=tuple(_other_extraction(setting, database, table_format, other) for other in others),
    )


def _memory(setting: Setting, table_format: str) -> Comparison:
    tenth = max(1, setting.rows // 10)
    return Comparison(
        name=f"memory-{table_format}",
        title=f"{setting.rows:,} rows to {table_format}, beside a tenth of them",
        ours=_extraction(setting.table(setting.rows), table_format),
        beside=(_extraction(setting.table(tenth), table_format, name=f"aetherflow, {tenth:,} rows"),),
    )


def _extraction(database: Path, table_format: str, *, name: str = "aetherflow") -> Side:
    measure((PYTHON, str(TABLES), "flow", str(database), table_format), database.parent)
    flow = database.with_name(f"{table_format}.yaml")
    return Side(name=name, command=(AETHERFLOW, "run", flow.name), files=(flow, database), expects="SUCCESS")


def _adbc(setting: Setting) -> tuple[str, ...]:
    return ("ADBC",) if setting.peers else ()


def _other_extraction(setting: Setting, database: Path, table_format: str, other: str) -> Side:
    if other == "sqlite3":
        asked = ("-csv", "-header", "-cmd", ".output rows.csv", database.name, "SELECT * FROM sales")
        return Side(name="the command sqlite3", command=("sqlite3", *asked), files=(database,))
    command = (str(setting.peers), str(TABLES), f"adbc-{table_format}", database.name, f"rows.{table_format}")
    return Side(name=other, command=command, files=(database,))


def _archive(setting: Setting, compression: str, others: dict[str, tuple[str, ...]]) -> Comparison:
    flow = write_packing(setting.files, compression)
    return Comparison(
        name=f"zip-{compression}",
        title=f"{setting.megabytes} MB of mixed files, {compression}",
        ours=Side(name="aetherflow", command=(AETHERFLOW, "run", str(flow)), expects="SUCCESS"),
        beside=tuple(Side(name=name, command=command) for name, command in others.items()),
    )
