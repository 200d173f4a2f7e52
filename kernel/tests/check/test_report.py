"""Problems are shown with their line and a caret, and as JSON with stable keys."""

from __future__ import annotations

from aetherflow.kernel.check.report import format_problem, problem_as_json
from aetherflow.kernel.errors import Location, Problem
from aetherflow.kernel.spec.document import parse_document


def shown(source: str, path: tuple, **more: str) -> str:
    document = parse_document(source.encode(), "f.yaml")
    problem = Problem(
        code="AF-X",
        message=more.get("message", "it is wrong"),
        help=more.get("help", ""),
        where=document.where(path),
        path=path,
    )
    return format_problem(problem, {"f.yaml": document})


def test_a_problem_is_shown_with_place_line_caret_and_mend():
    assert shown("flow:\n  id: 7\n", ("flow", "id"), help="write it in quotes").splitlines() == [
        "f.yaml:2:7: error AF-X: it is wrong",
        "   2 |   id: 7",
        "     |       ^",
        "help: write it in quotes",
    ]


def test_the_caret_stands_below_wide_and_combined_characters():
    lines = shown("{日本: e\u0301, x: 7}", ("x",)).splitlines()

    assert lines[2] == "     | " + " " * 1 + " " * 4 + " " * 2 + " " * 1 + " " * 2 + " " * 3 + "^"


def test_the_caret_stands_below_a_tab():
    lines = shown("{a: 1,\tx: 7}", ("x",)).splitlines()

    assert lines[2] == "     |       \t   ^"


def test_of_a_long_line_the_part_around_the_place_is_shown():
    lines = shown("{a: '" + "y" * 5_000 + "', x: 7}", ("x",)).splitlines()

    assert len(lines[1]) < 200
    assert lines[1][lines[2].index("^")] == "7"


def test_no_line_moves_the_cursor_or_turns_the_writing():
    """S23: newlines, escapes and bidirectional marks in messages, lines and mends."""
    text = shown("{a: \u202ex, b: 7}", ("b",), message="bad \x1b[31m\r thing\u2028", help="do\n\x07this")

    assert not {character for character in text if not character.isprintable()} - {"\n"}
    assert all(line.startswith((" ", "f.yaml", "help")) for line in text.splitlines())


def test_a_problem_elsewhere_is_shown_without_its_line():
    problem = Problem(code="AF-X", message="m", where=Location("other.yaml", 1, 1))

    assert format_problem(problem, {}) == "other.yaml:1:1: error AF-X: m"
    assert format_problem(Problem(code="AF-X", message="m", severity="warning"), {}) == "warning AF-X: m"


def test_as_json_a_problem_has_all_its_keys():
    problem = Problem(code="AF-X", message="m", help="h", where=Location("f.yaml", 2, 3), path=("jobs", 0, "id"))

    assert problem_as_json(problem) == {
        "code": "AF-X",
        "severity": "error",
        "message": "m",
        "help": "h",
        "file": "f.yaml",
        "line": 2,
        "column": 3,
        "path": ["jobs", 0, "id"],
    }
    assert set(problem_as_json(Problem(code="AF-X", message="m"))) == set(problem_as_json(problem))
