"""Each mistake that is told before anything runs has a section that shows it, made of the docstring of its check."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.error_docstrings import Explained, explained_by, explained_codes, literal_codes
from tests.docs.error_sections import FLOW, PAGE, PROJECT, printed, problems_of, with_sections
from tests.docs.pages import prose_of

CODES = explained_codes()
ROW = re.compile(r"^\| \[?`(AF-[A-Z-]+)`", re.MULTILINE)
by_code = pytest.mark.parametrize("explained", CODES, ids=lambda each: each.code)


@pytest.mark.unit
def test_the_page_is_as_the_docstrings_want_it() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert with_sections(page, CODES) == page, "run: python3 noxfile.py -s docs -- --write"


@pytest.mark.unit
def test_every_code_of_the_checks_is_on_the_page() -> None:
    rows = set(ROW.findall(prose_of(PAGE)))

    assert literal_codes() - rows == set()
    assert {each.code for each in CODES} - rows == set()


@pytest.mark.unit
@by_code
def test_an_example_tells_its_code_and_nothing_else(explained: Explained) -> None:
    told = {problem.code for problem in problems_of(explained.flow, project=explained.project)}

    # A cause that is told beside it is named in the words.
    assert explained.code in told, explained.place
    assert told - {explained.code} == set(re.findall(r"`(AF-[A-Z-]+)`", explained.what)), explained.place


@pytest.mark.unit
@pytest.mark.parametrize("explained", [each for each in CODES if each.mended], ids=lambda each: each.code)
def test_the_mended_file_has_nothing_wrong_with_it(explained: Explained) -> None:
    problems = problems_of(explained.flow, project=explained.project)
    where = next(problem.where for problem in problems if problem.code == explained.code)
    assert where is not None
    assert where.file == (FLOW if explained.example else PROJECT)

    mended = explained.mended_file(where.line)

    assert mended not in (explained.example, explained.project)
    flow, project = (mended, explained.project) if explained.example else (explained.flow, mended)
    left = problems_of(flow, project=project)
    assert not left, f"{explained.place}\n{mended}\n{printed(left, flow, project=project)}"


@pytest.mark.acceptance
@pytest.mark.parametrize(
    "code", ["AF-UNKNOWN-KEY", "AF-YAML-SYNTAX", "AF-ENV-MISSING", "AF-PLUGIN-DENIED", "AF-POLICY-RULE"]
)
def test_the_page_shows_what_the_command_prints(code: str, tmp_path: Path) -> None:
    (explained,) = (each for each in CODES if each.code == code)
    (tmp_path / FLOW).write_text(explained.flow, encoding="utf-8")
    (tmp_path / PROJECT).write_text(explained.project or "{}\n", encoding="utf-8")
    command = [str(Path(sys.executable).parent / "aetherflow"), "validate", FLOW]

    done = subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, text=True, check=False)

    assert done.stderr
    assert f"```text\n{done.stderr}```" in PAGE.read_text(encoding="utf-8")


@pytest.mark.unit
def test_a_docstring_that_is_not_in_the_form_is_refused() -> None:
    with pytest.raises(ValueError, match="AF-X needs what is wrong, then `Example:` or `Project:`"):
        list(explained_by("Summary.\n\nAF-X: something.\n\nMend: do something.\n", "a.py:1"))


@pytest.mark.unit
def test_mended_lines_stand_where_the_message_points_with_its_indentation() -> None:
    text = "AF-X: wrong.\n\nExample:\n    a:\n      b: 1\n\nMend: write\n2.\n    b: 2\n    c: 3\n\nRaises:\n    X: y.\n"
    (explained,) = explained_by(text, "a.py:1")

    assert (explained.what, explained.mend) == ("wrong.", "write 2.")
    assert explained.mended_file(2) == "a:\n  b: 2\n  c: 3\n"
