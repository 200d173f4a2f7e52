"""How large everything is that is measured, and what is prepared once."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .crowd import Crowd, make_crowd
from .flows import write_chain, write_fan
from .measure import measure

HERE = Path(__file__).resolve().parent
PYTHON = sys.executable
ARCHIVES = HERE / "archives.py"
TABLES = HERE / "tables.py"
AETHERFLOW = str(Path(PYTHON).with_name("aetherflow"))
SCHEDULER = str(Path(PYTHON).with_name("aetherflow-scheduler"))


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How large everything is, and what is prepared once for all comparisons that want it."""

    folder: Path
    #: The interpreter of an environment with the peers; null where there is none.
    peers: Path | None = None
    steps: int = 1_000
    plugins: int = 50
    rows: int = 2_000_000
    megabytes: int = 100
    workbook_rows: int = 100_000
    items: int = 10_000
    #: How long an idle scheduler is watched, and for how many seconds in a row all is due at once.
    seconds: int = 10

    @cached_property
    def crowd(self) -> Crowd:
        """An environment with many plugins."""
        return make_crowd(self.folder / "crowd", self.plugins)

    @cached_property
    def files(self) -> Path:
        """A folder of mixed files."""
        folder = self.folder / "packing" / "files"
        folder.mkdir(parents=True)
        measure((PYTHON, str(ARCHIVES), "make", str(self.megabytes), str(folder)), folder.parent)
        return folder

    def chain(self, steps: int) -> Path:
        """One job of so many steps."""
        return write_chain(self.folder, steps)

    def table(self, rows: int) -> Path:
        """A SQLite file with a table of so many rows, in a folder of its own."""
        file = self.folder / f"rows_{rows}" / "rows.sqlite"
        if not file.exists():
            file.parent.mkdir()
            measure((PYTHON, str(TABLES), "make", str(rows), str(file)), file.parent)
        return file

    def workbook(self, rows: int) -> tuple[Path, Path]:
        """So many rows as CSV, and a template that they go into, in a folder of their own."""
        folder = self.folder / f"workbook_{rows}"
        files = folder / "rows.csv", folder / "template.xlsx"
        if not folder.exists():
            folder.mkdir()
            measure((PYTHON, str(HERE / "floors" / "workbook.py"), "make", str(rows)), folder)
        return files

    def fan(self, *, at_a_time: int = 1) -> Path:
        """Many independent jobs of one step."""
        return write_fan(self.folder, self.steps, at_a_time=at_a_time)
