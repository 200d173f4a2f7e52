"""Reading and writing in real flows, run by the command line as a user would."""

from __future__ import annotations

import json
import subprocess
import sys

import openpyxl
import pytest

pytestmark = pytest.mark.acceptance


@pytest.fixture
def project(tmp_path):
    (tmp_path / "aetherflow.yaml").write_text("profile: internal_fast\n")
    (tmp_path / "sales.csv").write_text("shop,day,sold\nnorth,2024-02-29,12\nsouth,2024-03-01,7\n")
    return tmp_path


def step(step_id, kind, outputs=None, **inputs):
    return {"id": step_id, "type": kind, "inputs": inputs, "outputs": outputs or {}}


def aetherflow(project, command, *steps, more=()):
    flow = {"version": 1, "flow": {"id": "books"}, "jobs": [{"id": "main", "steps": list(steps)}]}
    # JSON is YAML.
    (project / "flow.yaml").write_text(json.dumps(flow))
    words = [sys.executable, "-m", "aetherflow.kernel", command, "flow.yaml", *more]
    return subprocess.run(words, cwd=project, capture_output=True, text=True, timeout=120, check=False)


def write(**inputs):
    return step("write", "excel_write", **{"source": "sales.csv", "output": "sales.xlsx", **inputs})


def test_rows_go_into_a_workbook_and_out_of_it(project):
    back = step(
        "back",
        "excel_read",
        {"rows": "{{result.row_count}}", "types": "{{result.types}}"},
        source="{{steps.write.output}}",
        table="Sales",
        output=str(project / "back.csv"),
    )

    done = aetherflow(
        project,
        "run",
        write(table="Sales", created="{{run.date}}", output=str(project / "sales.xlsx")),
        back,
        more=["--json"],
    )

    assert done.returncode == 0, done.stderr
    (job,) = json.loads(done.stdout)["jobs"]
    assert job["outputs"] == {"rows": 2, "types": {"shop": "string", "day": "date", "sold": "int"}}
    assert (project / "back.csv").read_text() == (project / "sales.csv").read_text()
    assert openpyxl.load_workbook(project / "sales.xlsx").active["A3"].value == "south"
    assert not list(project.rglob(".aetherflow.*"))


def test_too_few_rows_are_a_skip_that_says_why(project):
    back = step("back", "excel_read", source="{{steps.write.output}}", output="back.csv", min_rows=3)

    done = aetherflow(project, "run", write(), back, more=["--json"])

    _, skipped = json.loads(done.stdout)["jobs"][0]["steps"]
    assert (skipped["status"], skipped["reason"]) == ("SKIPPED", "row_count(2) < min_rows(3)")


def test_a_broken_workbook_is_one_clear_error(project):
    (project / "sales.xlsx").write_bytes(b"PK\x03\x04 no workbook")

    done = aetherflow(project, "run", step("back", "excel_read", source="sales.xlsx", output="back.csv"))

    assert done.returncode == 1
    assert "AF-EXCEL-PACKAGE" in done.stderr
    assert "Traceback" not in done.stderr
    assert "panicked" not in done.stderr


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (write(sheet="a/b"), "none of [ ] : * ? / \\"),
        (write(sheet="x" * 32), "sheet"),
        (write(sheets=[{"name": "A", "source": "sales.csv"}]), "with `sheets`, each of them has its own"),
        (step("write", "excel_write", output="x.xlsx"), "write `source:`"),
        (write(table="a b"), "a letter or an underscore"),
        (write(number_formats={"text": "0"}), "number_formats"),
        (
            step("back", "excel_read", source="a.xlsx", output="b.csv", range="A1", name="x"),
            "say once where the table is",
        ),
        (step("back", "excel_read", source="a.xlsx", output="b.csv", table="x", header=3), "a table knows its sheet"),
        (step("back", "excel_read", source="a.xlsx", output="b.csv", columns=["x"]), "the header has the names"),
        (step("back", "excel_read", source="a.xlsx", output="b.txt"), "add `format: csv`"),
        (step("back", "excel_read", source="a.xlsx", output="b.csv", types={"a": "number"}), "there is: bool, int"),
    ],
)
def test_validate_tells_mistakes_before_anything_runs(project, given, message):
    done = aetherflow(project, "validate", given)

    assert done.returncode == 2
    assert message in done.stderr + done.stdout


def test_validate_finds_nothing_wrong_with_what_is_right(project):
    sheets = [{"name": "A", "source": "sales.csv", "column_widths": {"shop": 30}}, {"name": "B", "source": "sales.csv"}]
    good = [
        write(table="Sales", number_formats={"date": "dd.mm.yyyy"}, hyperlinks=["shop"], created="{{run.date}}"),
        step("sheets", "excel_write", sheets=sheets, output="two.xlsx", header_bold=False),
        step("back", "excel_read", source="two.xlsx", sheet=2, output="b.csv", header=False, columns=["x", "y", "z"]),
        step("range", "excel_read", source="two.xlsx", range="B:C", output="b.PARQUET", types={"x": "decimal(5,2)"}),
        step("typed", "excel_read", source="two.xlsx", name="rows", header=3, output="b.txt", format="tsv"),
    ]

    done = aetherflow(project, "validate", *good)

    assert done.returncode == 0, done.stdout + done.stderr
