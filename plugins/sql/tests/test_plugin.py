from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

HEAVY = {"pyarrow", "apsw", "pydantic"}


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_importing_the_plugin_imports_nothing_heavy():
    assert run(f"import sys, aetherflow_sql; print(sorted({HEAVY} & set(sys.modules)))") == "[]"


def test_its_contributions_are_listed_without_arrow_or_sqlite():
    code = (
        "import sys, aetherflow_sql as plugin;"
        "print([step.name for step in plugin.aetherflow_steps()],"
        " [(c.kind, c.driver) for c in plugin.aetherflow_connectors()],"
        " sorted({'pyarrow', 'apsw'} & set(sys.modules)))"
    )

    assert (
        run(code)
        == "['db_execute', 'db_extract', 'db_extract_stream', 'db_fetch_small', 'db_load'] [('db', 'sqlite3')] []"
    )


@pytest.mark.parametrize("plugin", ["sql", "control"])
def test_the_manifest_says_what_the_code_contributes(plugin):
    folder = Path(__file__).resolve().parents[2] / plugin
    command = [sys.executable, "-m", "aetherflow.kernel", "plugins", "manifest", "--check", str(folder)]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
