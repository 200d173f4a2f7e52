"""The main job on its real data: made and sent once, not twice, and nothing from an empty file."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import zipfile
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses, parsedate_to_datetime
from pathlib import Path

import pytest

from tests.architecture.repository import ROOT

pytestmark = pytest.mark.acceptance


@pytest.fixture
def weather(tmp_path):
    """A copy of the demo's folder, as a fresh clone has it."""
    folder = tmp_path / "weather"
    shutil.copytree(ROOT / "demo" / "weather", folder, ignore=shutil.ignore_patterns("out", ".aetherflow"))
    return folder


#: The command line, killed right before or right after it gives a file the name that ends so. After that, the folder
#: is opened to be synced.
KILLED = """
import os, runpy, signal, sys, threading

moment, suffix = sys.argv[1:3]
movers = []

def end(event, arguments):
    if event == "os.kill":
        return
    # The file is moved into its folder, and the next thing that the same thread does comes after the move.
    is_move = event == "os.rename" and os.fspath(arguments[1]).endswith(suffix)
    if (is_move and moment == "before") or threading.get_ident() in movers:
        os.kill(os.getpid(), signal.SIGKILL)
    if is_move:
        movers.append(threading.get_ident())

sys.argv = ["aetherflow", *sys.argv[3:]]
sys.addaudithook(end)
runpy.run_module("aetherflow.kernel", run_name="__main__", alter_sys=True)
"""


def run_arguments(weather: Path, *more: str) -> list[str]:
    return ["run", "flow.yaml", "--json", "--param", f"results={weather / 'out'}", *more]


def aetherflow(weather: Path, *more: str, code: int = 0) -> dict:
    command = [sys.executable, "-m", "aetherflow.kernel", *run_arguments(weather, *more)]
    done = subprocess.run(command, cwd=weather, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def kill_run(weather: Path, run_id: str, *, moment: str, suffix: str) -> None:
    command = [sys.executable, "-c", KILLED, moment, suffix, *run_arguments(weather, "--run-id", run_id)]
    done = subprocess.run(command, cwd=weather, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr


def mailbox(weather: Path) -> dict[str, EmailMessage]:
    """The messages that were sent, by the names of their files."""
    return {
        file.name: message_from_bytes(file.read_bytes(), _class=EmailMessage, policy=policy.default)
        for file in sorted((weather / "out" / "mail").glob("*.eml"))
    }


def made(weather: Path) -> dict[Path, tuple[int, bytes]]:
    """Everything that was made but the database, with its time."""
    files = [path for path in (weather / "out").rglob("*") if path.is_file() and path.name != "weather.db"]
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def line_of(weather: Path, text: str) -> int:
    lines = (weather / "flow.yaml").read_text().splitlines()
    return next(number for number, line in enumerate(lines, start=1) if line.strip() == text)


def demo(weather: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, weather / "run_demo.py", *arguments], capture_output=True, text=True, check=False
    )


def last_command(told: str) -> list[str]:
    """The command that the demo says to go on with."""
    line = told.splitlines()[-1]
    assert line.startswith("$ ")
    return line.removeprefix("$ ").split()


def test_days_are_loaded_as_dates_and_the_months_add_up(weather):
    result = aetherflow(weather)

    assert result["status"] == "SUCCESS"
    assert result["jobs"][0]["outputs"] == {"days": 1461, "new_days": 1461, "changed_days": 0}
    with (weather / "seattle-weather.csv").open() as source:
        days = list(csv.DictReader(source))
    expected: dict[str, float] = {}
    for day in days:
        month = day["date"][:7].replace("/", "-")
        expected[month] = expected.get(month, 0.0) + float(day["precipitation"])
    with (weather / "out" / "months.csv").open() as made:
        months = {row["month"]: row for row in csv.DictReader(made)}
    assert len(days) == 1461
    assert {month: float(row["precipitation"]) for month, row in months.items()} == pytest.approx(expected, abs=0.051)
    assert sum(int(row["days"]) for row in months.values()) == 1461

    import pyarrow.parquet

    table = pyarrow.parquet.read_table(weather / "out" / "months.parquet")
    assert [row["month"] for row in table.to_pylist()] == list(months)
    assert (weather / "out" / "summary.txt").read_text().count("\n") >= 4
    database = sqlite3.connect(weather / "out" / "weather.db")
    assert database.execute("SELECT min(date), max(date), count(*) FROM days").fetchone() == (
        "2012-01-01",
        "2015-12-31",
        1461,
    )
    assert dict(database.execute("SELECT name, type FROM pragma_table_info('days')"))["date"] == "DATE"
    database.close()


def test_zip_holds_the_files_as_they_are(weather):
    aetherflow(weather)

    with zipfile.ZipFile(weather / "out" / "months.zip") as packed:
        assert packed.testzip() is None
        members = {name: packed.read(name) for name in packed.namelist()}
    assert list(members) == ["months.csv", "months.parquet", "summary.txt"]
    assert members == {name: (weather / "out" / name).read_bytes() for name in members}


def test_message_goes_to_its_recipients_with_the_figures_and_the_zip(weather):
    result = aetherflow(weather)

    ((name, message),) = mailbox(weather).items()
    assert message.defects == []
    assert message["From"] == "Weather <weather@example.com>"
    assert getaddresses(message.get_all("To")) == [("Ada Lovelace", "ada@example.com"), ("", "grace@example.com")]
    assert message["Subject"] == "Seattle's weather (days new: 1461, changed: 0)"
    assert message["Message-ID"] == result["jobs"][2]["outputs"]["message"]
    assert parsedate_to_datetime(message["Date"]).tzinfo is not None
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.keys() == list(dict.fromkeys(message.keys())), "a header stands twice"

    text = message.get_body(("plain",)).get_content()
    summary = (weather / "out" / "summary.txt").read_text()
    assert text.splitlines() == [*summary.splitlines(), "", "The months are attached, as CSV and as Parquet."]
    (attachment,) = message.iter_attachments()
    assert (attachment.get_filename(), attachment.get_content_type()) == ("months.zip", "application/zip")
    assert attachment.get_content() == (weather / "out" / "months.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(attachment.get_content())) as packed:
        assert packed.testzip() is None
        assert {name: packed.read(name) for name in packed.namelist()} == {
            name: (weather / "out" / name).read_bytes() for name in ("months.csv", "months.parquet", "summary.txt")
        }

    envelope = json.loads((weather / "out" / "mail" / name.replace(".eml", ".envelope.json")).read_text())
    assert envelope == {
        "message_id": message["Message-ID"],
        "from": "weather@example.com",
        "to": ["ada@example.com", "grace@example.com"],
    }


def test_second_run_finds_nothing_new_and_does_and_sends_nothing_twice(weather):
    aetherflow(weather)
    before = made(weather)

    again = aetherflow(weather)

    assert again["status"] == "SKIPPED"
    assert [job["status"] for job in again["jobs"]] == ["SKIPPED", "BLOCKED", "BLOCKED"]
    assert made(weather) == before


def test_run_that_is_done_and_started_again_does_and_sends_nothing_twice(weather):
    aetherflow(weather, "--run-id", "nightly")
    before = made(weather)

    again = aetherflow(weather, "--run-id", "nightly")

    assert again["status"] == "SUCCESS"
    assert all(step["restored"] for job in again["jobs"] for step in job["steps"])
    assert made(weather) == before


def test_one_more_day_is_reported_on_and_sends_one_more_message(weather):
    source = weather / "seattle-weather.csv"
    lines = source.read_text().splitlines(keepends=True)
    source.write_text("".join(lines[:-1]))
    aetherflow(weather)
    first = mailbox(weather)
    source.write_text("".join(lines))

    result = aetherflow(weather)

    assert result["status"] == "SUCCESS"
    assert result["jobs"][0]["outputs"] == {"days": 1461, "new_days": 1, "changed_days": 0}
    both = mailbox(weather)
    (name,) = set(both) - set(first)
    assert len(both) == 2
    assert both[name]["Subject"] == "Seattle's weather (days new: 1, changed: 0)"
    assert both[name]["Message-ID"] != first.popitem()[1]["Message-ID"]
    (attachment,) = both[name].iter_attachments()
    assert attachment.get_content() == (weather / "out" / "months.zip").read_bytes()


def test_a_day_that_was_corrected_is_reported_on_and_sends_a_message(weather):
    aetherflow(weather)
    source = weather / "seattle-weather.csv"
    lines = source.read_text().splitlines(keepends=True)
    source.write_text("".join([*lines[:-1], lines[-1].replace(",sun", ",fog")]))

    result = aetherflow(weather)

    assert result["jobs"][0]["outputs"] == {"days": 1461, "new_days": 0, "changed_days": 1}
    assert {message["Subject"] for message in mailbox(weather).values()} == {
        "Seattle's weather (days new: 1461, changed: 0)",
        "Seattle's weather (days new: 0, changed: 1)",
    }


@pytest.mark.parametrize(("moment", "sent"), [("before", 0), ("after", 1)])
def test_run_killed_around_the_message_leaves_the_decision_to_a_person(weather, moment, sent):
    kill_run(weather, "nightly", moment=moment, suffix=".eml")
    assert len(mailbox(weather)) == sent

    # However often it is started again, it sends nothing unasked, and says which step it is about and what to do.
    before = made(weather)
    for _ in range(2):
        (problem,) = aetherflow(weather, "--run-id", "nightly", code=4)["errors"]
        assert problem["code"] == "AF-OUTCOME-UNKNOWN"
        assert "step 'mail' of job 'deliver'" in problem["message"]
        assert "aetherflow runs resolve weather/nightly deliver.mail" in problem["help"]
        assert problem["line"] == line_of(weather, "- id: mail")
        assert made(weather) == before

    # The person has looked into the mailbox and says: again. The message takes the place of the first one.
    again = [sys.executable, "-m", "aetherflow.kernel", "runs", "resolve", "nightly", "mail", "--again", "--json"]
    subprocess.run(again, cwd=weather, check=True, capture_output=True)
    result = aetherflow(weather, "--run-id", "nightly")
    assert result["status"] == "SUCCESS"
    assert [step["step_id"] for job in result["jobs"] for step in job["steps"] if not step["restored"]] == ["mail"]
    ((_, message),) = mailbox(weather).items()
    assert message["Message-ID"] == result["jobs"][2]["outputs"]["message"]
    assert message["Subject"] == "Seattle's weather (days new: 1461, changed: 0)"


def test_run_killed_while_it_packs_goes_on_and_sends_one_message(weather):
    kill_run(weather, "nightly", moment="before", suffix="months.zip")
    assert not (weather / "out" / "months.zip").exists()

    result = aetherflow(weather, "--run-id", "nightly")

    assert result["status"] == "SUCCESS"
    assert len(mailbox(weather)) == 1
    assert {path.name for path in (weather / "out").iterdir()} == {
        "mail", "months.csv", "months.parquet", "months.zip", "summary.txt", "weather.db",
    }  # fmt: skip


def test_empty_file_ends_skipped_and_answers_0(weather):
    result = aetherflow(weather, "--param", "source=empty.csv")
    assert result["status"] == "SKIPPED"
    assert not (weather / "out" / "months.csv").exists()
    assert not mailbox(weather)


def test_demo_tells_what_was_made_and_sent_and_then_that_nothing_was(weather):
    first, second = demo(weather), demo(weather)

    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert "1461 days read, 1461 of them new, 0 changed" in first.stdout
    assert "months.zip: months.csv, months.parquet, summary.txt" in first.stdout
    ((name, message),) = mailbox(weather).items()
    assert f"mail/{name}: to {message['To']}, with months.zip" in first.stdout
    assert f"Subject: {message['Subject']}" in first.stdout
    assert "The run was SKIPPED" in second.stdout
    assert "nothing was sent" in second.stdout
    assert len(mailbox(weather)) == 1


def test_demo_of_an_empty_file_tells_that_nothing_was_done(weather):
    told = demo(weather, "--source", "empty.csv")

    assert told.returncode == 0, told.stderr
    assert "The run was SKIPPED: empty.csv has no rows." in told.stdout
    assert not mailbox(weather)


def test_demo_that_fails_tells_how_to_go_on_and_going_on_sends_one_message(weather):
    program = weather / "programs" / "summarise.py"
    program.rename(program.with_suffix(".away"))
    failed = demo(weather)
    assert failed.returncode == 1
    assert not mailbox(weather)

    program.with_suffix(".away").rename(program)
    went_on = subprocess.run(last_command(failed.stdout), capture_output=True, text=True, check=False)

    assert went_on.returncode == 0, went_on.stderr
    assert len(mailbox(weather)) == 1


def test_demo_that_is_interrupted_stops_in_good_order_and_tells_how_to_go_on(weather):
    program = weather / "programs" / "summarise.py"
    text = program.read_text()
    program.write_text("import time\ntime.sleep(60)\n")
    with subprocess.Popen(
        [sys.executable, weather / "run_demo.py"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as running:
        heard = [next(line for line in running.stderr if "step_start" in line and "step_id=summary" in line)]
        os.killpg(running.pid, signal.SIGINT)  # as the terminal does for Ctrl-C: to the demo and to the command
        heard += running.stderr
        told = running.stdout.read()
    assert running.returncode == 130
    assert "status=INTERRUPTED" in "".join(heard)
    assert "Traceback" not in "".join(heard)

    program.write_text(text)
    went_on = subprocess.run(last_command(told), capture_output=True, text=True, check=False)

    assert went_on.returncode == 0, went_on.stderr
    assert len(mailbox(weather)) == 1
