from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

PLUGIN = Path(__file__).resolve().parents[1]


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_importing_the_plugin_imports_nothing_heavy():
    assert (
        run("import sys, aetherflow_mail; print(sorted({'smtplib', 'ssl', 'email', 'pydantic'} & set(sys.modules)))")
        == "[]"
    )


def test_its_contributions_are_listed():
    code = (
        "import aetherflow_mail as plugin;"
        "print([step.name for step in plugin.aetherflow_steps()], [(c.kind, c.driver) for c in plugin.aetherflow_connectors()])"
    )

    assert run(code) == "['mail_send'] [('mail', 'file'), ('mail', 'smtp')]"


def test_the_manifest_says_what_the_code_contributes():
    command = [sys.executable, "-m", "aetherflow.kernel", "plugins", "manifest", "--check", str(PLUGIN)]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
