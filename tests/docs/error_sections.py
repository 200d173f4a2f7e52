"""The sections of docs/errors.md that the docstrings of the checks make: `python -m tests.docs.error_sections --write`.

Each example is checked as `aetherflow validate flow.yaml` does it, and its message stands on the page as it is printed.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import sys
import tempfile
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from aetherflow.kernel.check.preparation import prepare_flow
from aetherflow.kernel.check.report import format_problem
from aetherflow.kernel.errors import AetherFlowError, Problem
from tests.docs.error_docstrings import Explained, explained_codes
from tests.docs.pages import ROOT

PAGE = ROOT / "docs" / "errors.md"
BEGIN = "<!-- from here on: made of the docstrings of the checks by `python3 noxfile.py -s docs -- --write` -->"
END = "<!-- up to here -->"
FLOW, PROJECT = "flow.yaml", "aetherflow.yaml"

_FIRST_CELL = re.compile(r"^\| \[?`(AF-[A-Z-]+)`(?:\]\(#[a-z-]+\))? \|", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Text:
    """The lines of a file that may not be readable as YAML."""

    text: str

    def line(self, number: int) -> str:
        lines = self.text.splitlines()
        return lines[number - 1] if number <= len(lines) else ""


def problems_of(flow: str, *, project: str = "") -> Sequence[Problem]:
    """All that `validate` finds in a flow in a folder of its own, notes as well."""
    with tempfile.TemporaryDirectory() as name:
        Path(name, FLOW).write_text(flow, encoding="utf-8")
        # Without one, what lies above the folder would count.
        Path(name, PROJECT).write_text(project or "{}\n", encoding="utf-8")
        with contextlib.chdir(name):
            return _found_in(Path(FLOW))


def _found_in(file: Path) -> Sequence[Problem]:
    try:
        return prepare_flow(file, environ={}).problems
    except AetherFlowError as error:
        return error.problems


def printed(problems: Iterable[Problem], flow: str, *, project: str = "") -> str:
    """The problems as the command line shows them."""
    files = {FLOW: _Text(flow), PROJECT: _Text(project)}
    return "\n".join(format_problem(problem, files) for problem in problems) + "\n"


def section_of(explained: Explained) -> str:
    """The section of one code."""
    problems = problems_of(explained.flow, project=explained.project)
    parts = [f"### `{explained.code}`", _sentence(explained.what)]
    if explained.example:
        parts.append(_fence("yaml wrong", explained.example))
    if explained.project:
        is_right = bool(explained.example)
        parts += [
            f"The project's `{PROJECT}`:",
            _fence(f"yaml {'project' if is_right else 'wrong'}", explained.project),
        ]
    if any(problem.severity == "note" for problem in problems):
        parts.append("It is a note, which `validate -v` shows:")
    parts.append(_fence("text", printed(problems, explained.flow, project=explained.project)))
    parts.append(f"**Mend:** {explained.mend}")
    if explained.mended:
        parts.append(_fence("yaml part", explained.mended))
    return "\n\n".join(parts)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _fence(info: str, text: str) -> str:
    return f"```{info}\n{text}```"


def with_sections(page: str, codes: Sequence[Explained]) -> str:
    """The page with the sections of these codes between its marks, and links to them in its tables.

    Raises:
        ValueError: the page has no such marks.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        message = f"docs/errors.md needs the lines {BEGIN!r} and {END!r}"
        raise ValueError(message)
    names = {each.code for each in codes}
    sections = "\n\n".join(section_of(each) for each in codes)
    return f"{_linked(before, names)}{BEGIN}\n\n{sections}\n\n{END}{_linked(after, names)}"


def _linked(text: str, codes: Collection[str]) -> str:
    """The first cells of tables, as links to sections where there is one."""

    def cell(found: re.Match[str]) -> str:
        code = found[1]
        return f"| [`{code}`](#{code.lower()}) |" if code in codes else f"| `{code}` |"

    return _FIRST_CELL.sub(cell, text)


def main() -> int:
    """Say whether the page is as the docstrings want it, and write it where that is asked for."""
    parser = argparse.ArgumentParser(
        description="Make the sections of docs/errors.md from the docstrings of the checks."
    )
    parser.add_argument("--write", action="store_true", help="write the page where it differs")
    page = PAGE.read_text(encoding="utf-8")
    made = with_sections(page, explained_codes())
    is_written = parser.parse_args().write and made != page
    if is_written:
        PAGE.write_text(made, encoding="utf-8")
    sys.stdout.write("docs/errors.md is written\n" if is_written else "")
    return 0 if made == page or is_written else 1


if __name__ == "__main__":
    sys.exit(main())
