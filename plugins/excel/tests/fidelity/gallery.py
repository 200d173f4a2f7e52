"""The templates, each made once, and what the steps made of them."""

from __future__ import annotations

import csv
import datetime as dt
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plugins.excel.tests.oracles.office import ask, failure
from plugins.excel.tests.templates import (
    abreast,
    charted,
    dated,
    decorated,
    furnished,
    handmade,
    laden,
    lived_in,
    named,
    newer,
    office,
    pivoted,
    plain,
    side_by_side,
    sparse,
    stacked,
    tabled,
    worded,
)
from plugins.excel.tests.templates.record import Target, Template

TEMPLATES = {
    template.name: template
    for template in (
        furnished.TEMPLATE,
        charted.TEMPLATE,
        stacked.TEMPLATE,
        side_by_side.TEMPLATE,
        tabled.TEMPLATE,
        newer.TEMPLATE,
        decorated.TEMPLATE,
        named.TEMPLATE,
        pivoted.TEMPLATE,
        plain.TEMPLATE,
        dated.TEMPLATE,
        laden.TEMPLATE,
        lived_in.TEMPLATE,
        handmade.PREFIXED,
        handmade.STRICTLY,
        office.SAVED,
        office.PIVOT,
        worded.TEMPLATE,
        sparse.TEMPLATE,
        abreast.TEMPLATE,
        abreast.LONGER,
    )
}
WAYS = ("replace", "below")
SOURCES = ("small", "csv", "parquet")
ARROW = {
    "string": "string",
    "int": "int64",
    "float": "float64",
    "bool": "bool",
    "date": "date32",
    "datetime": "timestamp",
}


@dataclass
class Gallery:
    """Templates in a folder."""

    folder: Path
    made: set[str] = field(default_factory=set)

    def path(self, name: str) -> Path:
        """Make a template unless it is there; all of the office's in one go."""
        template = TEMPLATES[name]
        if name not in self.made:
            if template.office:
                self._make_by_office()
            else:
                template.make(self._place(template))
                self.made.add(name)
        return self._place(template)

    def _make_by_office(self) -> None:
        jobs = []
        for template in TEMPLATES.values():
            if template.office:
                source = self.folder / f"{template.name}.source.xlsx"
                template.make(source)
                jobs.append({**template.office, "source": str(source), "target": str(self._place(template))})
        ask(jobs, self.folder)
        for job in jobs:
            assert failure(Path(job["target"])) is None, failure(Path(job["target"]))
        self.made |= {template.name for template in TEMPLATES.values() if template.office}

    def _place(self, template: Template) -> Path:
        return self.folder / (template.name + template.suffix)


@dataclass
class Fills:
    """What the steps made: one flow for each template, with a job for each way and source."""

    gallery: Gallery
    folder: Path
    told: dict[str, dict[str, Any]] = field(default_factory=dict)

    def result(self, name: str, way: str, source: str) -> Path:
        """Answer the filled workbook; the step must have succeeded."""
        told = self._told(name, way, source)
        assert told["status"] == "SUCCESS", told["reason"]
        return self.output(name, way, source)

    def succeeded(self, names: Sequence[str], ways: Sequence[str], source: str) -> list[Path]:
        """All workbooks that could be filled; a test of each tells why one could not."""
        wanted = [(name, way) for name in names for way in ways]
        return [self.output(*each, source) for each in wanted if self._told(*each, source)["status"] == "SUCCESS"]

    def _told(self, name: str, way: str, source: str) -> dict[str, Any]:
        if name not in self.told:
            self.told[name] = self._run(TEMPLATES[name])
        return self.told[name][f"{way}_{source}"]

    def output(self, name: str, way: str, source: str) -> Path:
        return self.folder / name / f"{name}_{way}_{source}{TEMPLATES[name].suffix}"

    def _run(self, template: Template) -> dict[str, Any]:
        folder = self.folder / template.name
        folder.mkdir()
        # A step reads below its project.
        shutil.copy(self.gallery.path(template.name), folder)
        (folder / "aetherflow.yaml").write_text("profile: internal_fast\n")
        jobs = [self._job(template, way, source, folder) for way in WAYS for source in SOURCES]
        # JSON is YAML.
        (folder / "flow.yaml").write_text(json.dumps({"version": 1, "flow": {"id": "fills"}, "jobs": jobs}))
        command = [sys.executable, "-m", "aetherflow.kernel", "run", "flow.yaml", "--json"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
        assert done.stdout.startswith("{"), done.stdout + done.stderr
        return {job["job_id"]: job for job in json.loads(done.stdout)["jobs"]}

    def _job(self, template: Template, way: str, source: str, folder: Path) -> dict[str, Any]:
        inputs = {
            "template_path": self.gallery.path(template.name).name,
            "output": str(self.output(template.name, way, source)),
            "targets": [
                {**_place(target, number, way), **_rows(target, number, source, folder)}
                for number, target in enumerate(template.targets)
            ],
        }
        kind = "excel_fill_small" if source == "small" else "excel_fill_from_file"
        return {"id": f"{way}_{source}", "steps": [{"id": "fill", "type": kind, "inputs": inputs}]}


def _place(target: Target, number: int, way: str) -> dict[str, Any]:
    place = {"anchor": target.anchor} if target.anchor else {"cell": target.cell}
    insert = target.insert if way == "below" else "replace"
    return {
        "name": f"list{number}",
        "sheet": target.sheet,
        **place,
        "insert": insert,
        **_typed(target),
        **target.options,
    }


def _typed(target: Target) -> dict[str, Any]:
    return {"header_mode": "template", "type_cast": "schema", "dtypes": dict(target.dtypes)}


def _rows(target: Target, number: int, source: str, folder: Path) -> dict[str, Any]:
    if source == "small":
        rows = [[_plain(value) for value in row] for row in target.rows]
        return {"rows_json": json.dumps(rows), "columns_json": list(target.columns), "row_count": len(rows)}
    path = folder / f"rows{number}.{source}"
    (write_csv if source == "csv" else write_parquet)(target, path)
    return {"source_path": str(path), "mode": "report_region"}


def write_csv(target: Target, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(target.columns)
        writer.writerows([_plain(value) for value in row] for row in target.rows)


def write_parquet(target: Target, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {word: pa.type_for_alias(alias) for word, alias in ARROW.items() if word != "datetime"}
    types["datetime"] = pa.timestamp("us")
    columns = zip(target.columns, zip(*target.rows, strict=True), strict=True)
    pq.write_table(pa.table({name: pa.array(values, types[target.dtypes[name]]) for name, values in columns}), path)


def _plain(value: object) -> object:
    return str(value) if isinstance(value, (dt.date, dt.datetime)) else value


def landings(template: Template, way: str) -> Iterator[tuple[Target, str]]:
    """Where each target's first value stands."""
    for target in template.targets:
        yield target, target.lands[way]
