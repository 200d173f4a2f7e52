"""Compiling a manifest's schema reads nothing but the schema."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from aetherflow.kernel.check.validators import Validators


@pytest.fixture
def server():
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"type": "object"}')

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    http = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}", asked
    http.shutdown()
    thread.join()
    http.server_close()


def test_a_schema_that_points_elsewhere_is_refused_and_not_fetched(server):
    address, asked = server

    compiled = Validators().of("step x", {"type": "object", "$ref": f"{address}/x.json"})

    assert compiled.validator is None
    assert asked == []


def test_each_schema_is_compiled_once():
    validators = Validators()
    schema = {"type": "object"}

    assert validators.of("step x", schema) is validators.of("step x", schema)


def test_marks_are_found_in_lists_branches_and_definitions():
    marked = {"type": "string", "x-aetherflow": {"resource": "Database"}}
    schema = {
        "type": "object",
        "properties": {
            "a": {"anyOf": [marked, {"type": "null"}]},
            "b": {"type": "array", "items": {"$ref": "#/$defs/Pair"}},
            "c": {"type": "string"},
        },
        "$defs": {"Pair": {"type": "object", "properties": {"to": marked}}},
    }
    value = {"a": "x", "b": [{"to": "y"}, {"to": "z"}], "c": "no"}

    found = list(Validators().of("step x", schema).marked("resource", value, ("inputs",)))

    assert found == [
        (("inputs", "a"), "x", "Database"),
        (("inputs", "b", 0, "to"), "y", "Database"),
        (("inputs", "b", 1, "to"), "z", "Database"),
    ]
