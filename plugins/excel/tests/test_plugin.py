"""The plugin's steps cost what is used of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

HEAVY = {"pyarrow", "openpyxl", "xlsxwriter", "python_calamine", "isal"}


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_its_contributions_are_listed_without_anything_heavy():
    code = (
        "import sys, aetherflow_excel as plugin;"
        "print([step.name for step in plugin.aetherflow_steps()],"
        " [command.name for command in plugin.aetherflow_commands()],"
        f" sorted({HEAVY} & set(sys.modules)))"
    )

    steps = ["excel_fill_from_file", "excel_fill_small", "excel_read", "excel_validate_template", "excel_write"]
    assert run(code) == f"{steps} ['excel'] []"


def test_reading_into_csv_needs_no_arrow(tmp_path):
    code = (
        "import sys, pathlib, xlsxwriter;"
        "from plugins.excel.tests.workplace import Workplace;"
        f"folder = pathlib.Path({str(tmp_path)!r});"
        "book = xlsxwriter.Workbook(folder / 'book.xlsx'); book.add_worksheet().write(0, 0, 'a'); book.close();"
        "print(Workplace(folder).read()['columns'], 'pyarrow' in sys.modules)"
    )

    assert run(code) == "['a'] False"


def test_the_manifest_says_what_the_code_contributes():
    folder = Path(__file__).resolve().parents[1]
    command = [sys.executable, "-m", "aetherflow.kernel", "plugins", "manifest", "--check", str(folder)]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
