"""Hostile workbooks get one clear error, quickly and in little memory, or a right result; the output is never touched.

`AETHERFLOW_EXAMPLES=1000` and more has every step try every workbook; otherwise the heaviest are left out, and each of
the others is tried by one step, in turn.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from plugins.excel.tests.hostile.cases import CASES
from plugins.excel.tests.hostile.program import WAYS

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]

IS_LONG = int(os.environ.get("AETHERFLOW_EXAMPLES", "0")) >= 1000
TRIED = {name: case for name, case in CASES.items() if IS_LONG or not case.is_heavy}
PROGRAM = Path(__file__).with_name("program.py")
#: What an idle fill does not need; a workbook of some megabytes may need as much to be read by calamine.
MOST_MIB = 200
#: The machine may be busy with other tests.
MOST_SECONDS = 20
FILLS = ("fill_below", "fill_over")


def ways_of(number: int) -> list[str]:
    turns = ["fill_below", *WAYS]
    return list(WAYS) if IS_LONG else [turns[number % len(turns)]]


@pytest.fixture(scope="module")
def tried(tmp_path_factory) -> dict[str, list[dict[str, object]]]:
    """What every case ended with; one process tries them all, so that its start is not measured."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "work").mkdir()
    jobs = []
    for number, case in enumerate(TRIED.values()):
        source = folder / f"{number}.xlsx"
        case.make(source)
        jobs.append({"name": case.name, "source": str(source), "ways": ways_of(number)})
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(folder / "work")],
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, list[dict[str, object]]] = {}
    for line in done.stdout.splitlines():
        told = json.loads(line)
        found.setdefault(told["name"], []).append(told)
    return found


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", TRIED)
def test_a_hostile_workbook_is_refused_clearly_or_handled_rightly(tried, name):
    case = CASES[name]
    assert tried[name]
    for told in tried[name]:
        may_end = case.ends if told["way"] in FILLS else case.ends | case.lookers
        assert told["code"] in may_end, told
        assert told["seconds"] < MOST_SECONDS, told
        assert told["mib"] < MOST_MIB, told
        assert told["left"] == [], told
        if told["code"] is not None:
            assert told["is_old"], told
            assert told["help"], told
            assert len(told["said"]) < 600, told
        elif told["way"].startswith("fill"):
            assert told["lost"] == [], told
            assert told["rows_written"], told


def test_the_base_that_all_cases_are_made_of_is_a_good_workbook(tmp_path):
    """Else every refusal would be right."""
    from plugins.excel.tests.hostile.base import members_of, parts, write_zip
    from plugins.excel.tests.hostile.program import try_way

    path = tmp_path / "good.xlsx"
    write_zip(path, members_of(parts()))
    assert zipfile.ZipFile(path).testzip() is None
    for way in WAYS:
        told = try_way(way, path, tmp_path / way)
        assert told["code"] is None, told
