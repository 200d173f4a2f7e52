"""A plugin whose code leaves a trace when it is imported, and a process that tells of every import and socket."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest
from kernel.tests.plugins.conftest import Answer, Site, site  # noqa: F401 - a fixture

#: Python runs it at every start: nothing that happens afterwards gets past it.
WATCH = """
import os
import sys

_TRACE = os.open(os.environ["TRACE"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def _watch(event, arguments):
    if event.startswith("socket."):
        os.write(_TRACE, f"{event}\\n".encode())
    elif event == "import":
        os.write(_TRACE, f"import {arguments[0]}\\n".encode())


sys.addaudithook(_watch)
"""
SECRET = {"type": "string", "x-aetherflow": {"secret": True}}
CONNECTOR = {
    "kind": "db",
    "driver": "acme",
    "target": "acme:Driver",
    "protocol": "Database",
    "summary": "",
    "config": {
        "type": "object",
        "additionalProperties": False,
        "required": ["host"],
        "properties": {
            "host": {"type": "string"},
            "port": {"type": "integer", "default": 1433},
            "user": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "password": {"anyOf": [SECRET, {"type": "null"}], "default": None},
            "url": {"type": "string"},
            "login": {"type": "object", "properties": {"name": {"type": "string"}, "pin": SECRET}},
        },
    },
    "options": {
        "type": "object",
        "properties": {"pool": {"type": "object", "properties": {"size": {"type": "integer", "default": 5}}}},
    },
    "effects": ["database", "network"],
}
STEPS = """
jobs:
  - id: main
    steps:
      - {id: one, type: acme.count, inputs: {text: a}}
"""


@dataclass
class Place:
    """A project in which a plugin with a connector is installed, and the program that is watched."""

    site: Site
    folder: Path
    trace: Path

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
        return path

    def flow(self, resources: str = "", steps: str = STEPS) -> Path:
        """A flow with these resources, in flow style."""
        block = f"resources:\n{resources}" if resources else ""
        return self.write("flow.yaml", f"version: 1\nflow: {{id: looked_at}}\n{block}{steps}")

    def aetherflow(self, *arguments: str, **environ: str) -> Answer:
        return self.site.aetherflow(*arguments, TRACE=str(self.trace), **environ)

    def both(self, *arguments: str, code: int = 0, **environ: str) -> tuple[dict, str]:
        """The answer for machines, which is one document, and all that is said to people."""
        machine = self.aetherflow(*arguments, "--json", **environ)
        people = self.aetherflow(*arguments, **environ)
        assert (machine.code, people.code) == (code, code), machine.out + people.out + people.err
        assert "Traceback" not in machine.err + people.err
        return json.loads(machine.out), people.out + people.err

    @property
    def traced(self) -> list[str]:
        return self.trace.read_text().splitlines()

    def assert_nothing_was_touched(self) -> None:
        assert self.site.imported() == []
        assert [line for line in self.traced if line.startswith("socket.")] == []
        plugins = ("import acme", "import aetherflow_", "import hook")
        assert [line for line in self.traced if line.startswith(plugins)] == []
        # It did watch.
        assert "import aetherflow.kernel.cli.program" in self.traced


@pytest.fixture
def place(site, tmp_path):  # noqa: F811 - the fixture
    site.install("acme", connectors=[CONNECTOR])
    (site.folder / "sitecustomize.py").write_text(WATCH)
    return Place(site, site.project, tmp_path / "trace")
