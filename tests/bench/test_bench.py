"""The benchmark's own code: its figures are of commands that did their work, and its JSON keeps its shape."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bench.comparison import Comparison, Side, compare, run_side
from bench.comparisons import COMPARISONS
from bench.counting import Counted, ToCount, count, statements
from bench.counts import COUNTS
from bench.measure import CommandFailed, measure
from bench.report import Report, as_json, as_markdown, as_text
from bench.setting import PYTHON, Setting

from tests.architecture.repository import ROOT

PROGRAMS = ROOT / "bench" / "programs"


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Setting:
    """What is prepared once for all that is compared, at its smallest."""
    return Setting(
        folder=tmp_path_factory.mktemp("bench"),
        steps=10,
        plugins=2,
        rows=1_000,
        megabytes=1,
        workbook_rows=200,
        items=20,
        seconds=1,
    )


@pytest.mark.acceptance
@pytest.mark.parametrize("name", COMPARISONS)
def test_all_sides_of_a_comparison_do_their_work(name: str, setting: Setting) -> None:
    comparison = COMPARISONS[name](setting)

    for side in (comparison.ours, *comparison.beside):
        if shutil.which(side.command[0]):
            assert run_side(side, setting.folder).cpu > 0
        else:
            # A program of the machine's, such as sqlite3: said, not passed over.
            with pytest.raises(CommandFailed, match=f"{side.command[0]} can't be started"):
                run_side(side, setting.folder)


@pytest.mark.acceptance
def test_statements_of_a_run_are_counted(setting: Setting) -> None:
    one, ten, _jobs = COUNTS["statements"](setting)
    found = {each.steps: count(each, setting.folder).counts for each in (one, ten)}

    # Short steps share commits; what each of them writes is there all the same.
    assert 0 < found[1]["commits"] < found[1]["statements"]
    assert 0 < found[10]["commits"] <= found[1]["commits"] + 20
    assert found[10]["statements"] >= found[10]["commits"]


@pytest.mark.acceptance
def test_jobs_that_wait_are_held_against_their_ideal(setting: Setting) -> None:
    for each in COUNTS["parallel"](setting):
        # How near it comes depends on the machine; nothing is quicker than its waits, but for the rounding.
        assert 0 < count(each, setting.folder).counts["percent of the ideal"] <= 100


@pytest.mark.acceptance
def test_syncs_of_the_floor_are_counted_or_it_is_said_why_not(setting: Setting) -> None:
    floor = next(each for each in COUNTS["syncs"](setting) if each.side.name == "floor" and each.steps == 10)
    can_trace = shutil.which("strace") and subprocess.run(["strace", "-o", "/dev/null", "true"], check=False)

    if can_trace and not can_trace.returncode:
        assert 10 <= count(floor, setting.folder).counts["syncs"] < 10 + 20
    else:
        with pytest.raises(CommandFailed, match="strace"):
            count(floor, setting.folder)


@pytest.mark.unit
def test_first_round_is_not_counted(tmp_path: Path) -> None:
    log = tmp_path / "log"
    ours = _shell("ours", f"echo ours >> {log}")
    other = _shell("other", f"echo other >> {log}")

    result = compare(_comparison(ours, other), tmp_path, runs=2, tell=pytest.fail)

    assert log.read_text().split() == ["ours", "other"] * 3
    assert len(result.ours.figures) == 2


@pytest.mark.unit
@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("sh", "-c", "echo no such table >&2; exit 3"), "exit code 3: .*\n.*no such table"),
        (("sh", "-c", "kill -9 $$"), "exit code -9"),
        (("sh", "-c", "echo BLOCKED"), "did not say 'SUCCESS'.*\nBLOCKED"),
        (("no-such-program",), "no-such-program can't be started: .*No such file"),
    ],
)
def test_a_command_that_did_not_do_its_work_is_no_figure(tmp_path: Path, command: tuple[str, ...], told: str) -> None:
    # What an earlier command left must not pass for this one's.
    measure(("true",), tmp_path)

    with pytest.raises(CommandFailed, match=told):
        measure(command, tmp_path, expects="SUCCESS")


@pytest.mark.unit
def test_another_side_that_fails_is_told_and_left_out(tmp_path: Path) -> None:
    told: list[str] = []
    failing, working = _shell("failing", "exit 1"), _shell("working", "true")

    result = compare(_comparison(working, failing, _shell("third", "true")), tmp_path, runs=2, tell=told.append)

    assert [each.side.name for each in result.beside] == ["third"]
    assert len(told) == 1
    assert "failing is left out: exit code 1" in told[0]
    with pytest.raises(CommandFailed):
        compare(_comparison(failing, working), tmp_path, runs=1, tell=told.append)


@pytest.mark.unit
def test_what_is_measured_does_not_see_our_python_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("AETHERFLOW_STRICT", "1")

    with pytest.raises(CommandFailed) as failure:
        measure(("sh", "-c", "env; false"), tmp_path, environment={"GIVEN": "yes"})

    assert "PYTHONDONTWRITEBYTECODE" not in str(failure.value)
    assert "AETHERFLOW_STRICT" not in str(failure.value)
    assert "GIVEN=yes" in str(failure.value)


@pytest.mark.unit
def test_peak_memory_is_the_commands_own(tmp_path: Path) -> None:
    small = measure(("true",), tmp_path)
    large = measure((PYTHON, "-c", "b'x' * 80_000_000"), tmp_path)

    assert small.peak < 15
    assert 80 < large.peak < 120


@pytest.mark.unit
def test_json_has_the_documented_shape(tmp_path: Path) -> None:
    comparison = Comparison(
        name="one", title="One thing", ours=_shell("ours", "true"), beside=(_shell("other", "true"),), peak_aim=45
    )
    report = Report(
        runs=3,
        results=[compare(comparison, tmp_path, runs=3, tell=pytest.fail)],
        counts=[Counted(name="syncs", side="ours", steps=10, aim=1.05, counts={"syncs": 11})],
        left_out=["nothing"],
    )

    found = json.loads(json.dumps(as_json(report)))

    assert found.keys() == {"format", "machine", "runs", "comparisons", "counts", "left_out"}
    assert found["format"] == 1
    assert found["machine"].keys() >= {"python", "system", "architecture", "cores", "versions"}
    (compared,) = found["comparisons"]
    assert compared.keys() == {"name", "title", "peak_aim", "ours", "beside"}
    assert compared["ours"].keys() == {"name", "wall", "cpu", "peak", "told"}
    assert compared["beside"][0].keys() == {"name", "wall", "cpu", "peak", "told", "aim", "ratios"}
    for ratios in compared["beside"][0]["ratios"].values():
        assert len(ratios) == 3
        assert ratios == sorted(ratios)
    assert found["counts"] == [{"name": "syncs", "side": "ours", "steps": 10, "aim": 1.05, "counts": {"syncs": 11}}]
    assert str(ROOT) not in json.dumps(found)
    assert all("One thing: ours" in text for text in (as_text(report), as_markdown(report)))


@pytest.mark.unit
def test_what_sides_tell_themselves_is_compared_and_who_does_not_tell_is_left_out(tmp_path: Path) -> None:
    told: list[str] = []
    ours, other = _shell("ours", "echo figure p50 ms = 3.0"), _shell("other", "echo; echo figure p50 ms = 1.5")
    sides = {"ours": ours, "beside": (other, _shell("silent", "echo p50 ms = 1"))}

    result = compare(
        Comparison(name="late", title="Late", tells=("p50 ms",), **sides), tmp_path, runs=2, tell=told.append
    )

    assert result.ratios(result.beside[0], "p50 ms") == (2.0, 2.0, 2.0)
    assert [each.side.name for each in result.beside] == ["other"]
    assert told == ["late: silent is left out: silent did not tell p50 ms"]
    report = Report(runs=2, results=[result])
    assert "| Late, p50 ms: ours | 3 |  |  |\n| · other | 1.5 | 2.00 < 2.00 < 2.00 |  |" in as_markdown(report)
    (compared,) = as_json(report)["comparisons"]
    assert compared["ours"]["told"] == {"p50 ms": 3.0}
    assert compared["beside"][0]["ratios"] == {"p50 ms": [2.0, 2.0, 2.0]}


@pytest.mark.unit
def test_a_count_of_a_failing_command_is_told(tmp_path: Path) -> None:
    side = Side(name="ours", command=(PYTHON, str(PROGRAMS / "statements.py"), "run", "missing.yaml"))

    with pytest.raises(CommandFailed, match=r"exit code 2(.|\n)*missing\.yaml"):
        count(ToCount(name="SQL", side=side, how=statements), tmp_path)


@pytest.mark.acceptance
def test_command_measures_what_is_asked_for_and_writes_json(tmp_path: Path) -> None:
    answer = _bench("--only", "validate", "--runs", "1", "--plugins", "1", "--json", str(tmp_path / "found.json"))

    assert answer.returncode == 0, answer.stderr
    assert "typer --help" in answer.stdout
    found = json.loads((tmp_path / "found.json").read_text())
    assert [each["name"] for each in found["comparisons"]] == ["validate"]
    assert _bench("--list").stdout.split() == [*COMPARISONS, *COUNTS]
    assert _bench("--only", "nothing").returncode == 2


def _bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bench", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def _shell(name: str, script: str) -> Side:
    return Side(name=name, command=("sh", "-c", script))


def _comparison(ours: Side, *beside: Side) -> Comparison:
    return Comparison(name="test", title="test", ours=ours, beside=beside)
