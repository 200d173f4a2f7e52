"""The ledger's file: for its user only, never another program's, and one error for all that can be wrong with it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from scheduler.tests.occurrences.moments import NOON, at, due, room

from aetherflow.kernel.api import RunFailed
from aetherflow.scheduler.occurrences import accounting, claiming, ending, ledger, looking, recovering
from aetherflow.scheduler.occurrences.failures import StoreFailed
from aetherflow.scheduler.occurrences.opening import open_store, refuse_network
from aetherflow.scheduler.occurrences.schema import CONTENTS

pytestmark = pytest.mark.integration


def file_of(state: Path) -> Path:
    return state / "occurrences.sqlite"


def test_all_that_is_made_is_for_its_user_only(store, state):
    store.account([due(0)], at(0))
    store.claim(room(), at(0))
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in (state, *state.iterdir(), *state.glob("owners/*"))}
    lock = modes.popitem()
    assert lock[0].endswith(".lock")
    assert lock[1] == "0o600"
    assert modes == {
        "state": "0o700",
        "owners": "0o700",
        "occurrences.sqlite": "0o600",
        "occurrences.sqlite-wal": "0o600",
        "occurrences.sqlite-shm": "0o600",
        "occurrences.sqlite.opening": "0o600",
    }


def test_reader_makes_nothing_and_finds_nothing_where_there_is_no_ledger(tmp_path):
    store = open_store(tmp_path / "state", is_to_read=True)
    assert store.history() == store.gaps() == store.owners() == ()
    assert store.states() == {}
    assert store.next_due(["nightly"]) is None
    store.close()
    assert list(tmp_path.iterdir()) == []


def test_reader_sees_what_others_write_and_writes_nothing(opened):
    writer, reader = opened(), opened(is_to_read=True)
    assert reader.history() == ()
    writer.account([due(0)], at(0))
    assert len(reader.history()) == 1
    with pytest.raises(StoreFailed):
        reader.account([due(60)], at(60))
    with pytest.raises(StoreFailed):
        reader.pause(["nightly"], NOON)
    assert len(writer.history()) == 1


def test_ledger_of_a_newer_scheduler_is_refused(store, state):
    store.close()
    connection = apsw.Connection(str(file_of(state)))
    connection.pragma("user_version", CONTENTS.version + 1)
    connection.close()
    with pytest.raises(StoreFailed, match="a newer AetherFlow wrote it") as refused:
        open_store(state)
    assert refused.value.problem.code == "AF-SCHEDULE-LEDGER"


def test_other_files_are_told_and_left_as_they_are(tmp_path):
    tmp_path.chmod(0o700)
    file = file_of(tmp_path)
    connection = apsw.Connection(str(file))
    connection.execute("CREATE TABLE recipes (name)")
    connection.close()
    file.chmod(0o600)
    before = file.read_bytes()
    for how in ({}, {"is_to_read": True}):
        with pytest.raises(StoreFailed, match="another program's SQLite file"):
            open_store(tmp_path, **how)
    assert file.read_bytes() == before


@pytest.mark.parametrize("how", [{}, {"is_to_read": True}])
@pytest.mark.parametrize("content", [b"no database at all, but some text of more than a few bytes" * 20, b"\0" * 4096])
def test_file_that_is_no_database_is_told(tmp_path, content, how):
    tmp_path.chmod(0o700)
    file_of(tmp_path).write_bytes(content)
    file_of(tmp_path).chmod(0o600)
    with pytest.raises(StoreFailed, match="can't be used"):
        open_store(tmp_path, **how)
    assert file_of(tmp_path).read_bytes() == content


@pytest.mark.parametrize("how", [{}, {"is_to_read": True}])
@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("nowhere")])
def test_what_is_no_regular_file_is_told(tmp_path, make, how):
    tmp_path.chmod(0o700)
    make(file_of(tmp_path))
    with pytest.raises(StoreFailed, match="no regular file"):
        open_store(tmp_path, **how)


@pytest.mark.parametrize("journal", ["DELETE", "WAL"])
def test_file_that_is_only_being_made_holds_nothing_yet(tmp_path, journal):
    tmp_path.chmod(0o700)
    file_of(tmp_path).touch(mode=0o600)
    connection = apsw.Connection(str(file_of(tmp_path)))
    connection.execute(f"PRAGMA journal_mode = {journal}").fetchall()
    connection.close()
    before = file_of(tmp_path).read_bytes()
    with closing(open_store(tmp_path, is_to_read=True)) as store:
        assert (store.history(), store.gaps(), store.states()) == ((), (), {})
    assert file_of(tmp_path).read_bytes() == before


LOOK_WHILE_MADE = """
import sys
from contextlib import closing
from pathlib import Path
from aetherflow.scheduler.occurrences.opening import open_store

for number in range(40):
    state = Path(sys.argv[1], str(number))
    print(state, flush=True)
    while not (state / "is made").exists():
        with closing(open_store(state, is_to_read=True)) as store:
            assert store.history() == ()
"""


def test_looks_while_it_is_made_see_nothing_yet(tmp_path):
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", LOOK_WHILE_MADE, tmp_path], stdout=pipe, stderr=pipe, text=True
    ) as looking:
        for line in looking.stdout:
            state = Path(line.strip())
            for _ in range(3):
                open_store(state).close()
            (state / "is made").touch()
        assert looking.stderr.read() == ""
    assert looking.returncode == 0


@pytest.mark.parametrize("is_to_read", [False, True])
def test_folder_whose_name_is_no_text_is_told(tmp_path, is_to_read):
    state = Path(os.fsdecode(os.fsencode(tmp_path / "state") + b"\xff"))
    state.mkdir(mode=0o700)
    file_of(state).touch(mode=0o600)
    with pytest.raises(StoreFailed, match="its path must be UTF-8"):
        open_store(state, is_to_read=is_to_read)


def test_folder_that_others_may_write_is_refused(tmp_path):
    tmp_path.chmod(0o777)
    with pytest.raises(RunFailed) as refused:
        open_store(tmp_path)
    assert refused.value.problem.code == "AF-FOLDER-UNSAFE"
    assert list(tmp_path.iterdir()) == []


def test_state_behind_a_link_of_the_users_own_is_used(tmp_path):
    (tmp_path / "disk").mkdir(mode=0o700)
    (tmp_path / "state").symlink_to("disk")
    store = open_store(tmp_path / "state")
    store.account([due(0)], at(0))
    assert len(store.claim(room(), at(0))) == 1
    assert (tmp_path / "disk" / "owners").is_dir()
    store.close()


def test_state_that_is_a_file_is_told(tmp_path):
    (tmp_path / "state").write_text("")
    with pytest.raises(StoreFailed, match=r"can't be used: (File exists|Not a directory): /"):
        open_store(tmp_path / "state")


def test_owners_that_can_not_be_used_are_told(store, state):
    store.account([due(0)], at(0))
    (state / "owners").write_text("")
    with pytest.raises(StoreFailed) as told:
        store.claim(room(), at(0))
    assert told.value.problem.code == "AF-SCHEDULE-LEDGER-OWNERS"
    assert [each.status.value for each in store.history()] == ["WAITING"]


@pytest.mark.parametrize("is_replaced", [False, True])
def test_ledger_that_is_removed_or_replaced_under_a_scheduler_is_not_written_any_more(opened, state, is_replaced):
    store = opened()
    store.account([due(0)], at(0))
    state.rename(state.with_name("elsewhere"))
    if is_replaced:
        opened().account([due(0)], at(0))
    for work in (lambda: store.claim(room(), at(0)), lambda: store.account([due(60)], at(60))):
        with pytest.raises(StoreFailed, match="removed or replaced"):
            work()
    if is_replaced:
        state.rename(state.with_name("another"))
    state.with_name("elsewhere").rename(state)
    assert [run.scheduled_for for run in store.claim(room(), at(0))] == [at(0)]


def test_damaged_pages_are_told(store, state):
    store.account([due(*range(2_000), misfire="skip")], at(10_000))
    store.close()
    with file_of(state).open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(file_of(state).stat().st_size - 4096))
    broken = open_store(state)
    with pytest.raises(StoreFailed, match="can't be used"):
        broken.history(limit=10_000)
    with pytest.raises(StoreFailed, match="can't be used"):
        broken.account([due(20_000)], at(20_000))
    broken.close()


def test_status_of_another_version_is_told(store, state):
    store.account([due(0)], at(0))
    connection = apsw.Connection(str(file_of(state)))
    connection.execute("UPDATE occurrences SET status = 'DREAMING'")
    connection.close()
    with pytest.raises(StoreFailed, match="does not understand"):
        store.history()


def test_full_disk_is_told_and_loses_nothing(store, state):
    store.account([due(0)], at(0))
    store._connection.execute("PRAGMA max_page_count = 40")
    with pytest.raises(StoreFailed, match="full") as told:
        store.account([due(*range(60, 9_000), misfire="skip")], at(9_000))
    assert told.value.may_be_tried_again
    assert len(store.history()) == 1
    store._connection.execute("PRAGMA max_page_count = 1000000")
    assert len(store.account([due(*range(60, 9_000), misfire="skip")], at(9_000))) == 8_940


#: As on a file system that takes no file of more than 64 KiB.
LIMITED = """
import resource, sys
from datetime import UTC, datetime, timedelta
from contextlib import closing
from pathlib import Path
from aetherflow.scheduler.occurrences.opening import open_store
from aetherflow.scheduler.occurrences.records import Due

store = open_store(Path(sys.argv[1]))
now = datetime(2026, 3, 2, 12, tzinfo=UTC)
times = tuple(now + timedelta(seconds=each) for each in range(5_000))
resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, 65_536))
try:
    store.account([Due(item="nightly", times=times, looked_until=times[-1])], times[-1])
except Exception as error:
    print(type(error).__name__, str(error).partition("used: ")[2], error.may_be_tried_again)
try:
    store.register({"nightly": True}, now)
except Exception as error:
    print(type(error).__name__, str(error).partition("used: ")[2], error.may_be_tried_again)
store.close()
"""


def test_device_that_fails_is_not_written_to_again(state, opened):
    told = subprocess.run([sys.executable, "-c", LIMITED, str(state)], capture_output=True, text=True, check=False)
    assert told.stderr == ""
    assert told.stdout.splitlines() == [
        "StoreFailed disk I/O error False",
        "StoreFailed its device has failed before False",
    ]
    assert opened().history() == ()


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs"])
def test_network_file_system_is_refused(tmp_path, kind):
    memory = Path("/dev/shm")  # noqa: S108 - it is not written
    if not memory.is_dir() or os.major(memory.stat().st_dev):
        pytest.skip("this machine has no file system in memory")
    (tmp_path / "mounts").write_text(f"22 1 0:1 / / rw - ext4 x rw\n23 22 0:2 / {memory} rw - {kind} x rw\n")
    with pytest.raises(StoreFailed, match="network file system") as refused:
        refuse_network(memory / "state" / "occurrences.sqlite", mounts=tmp_path / "mounts")
    assert refused.value.problem.code == "AF-SCHEDULE-LEDGER-NETWORK"


def test_ten_thousand_items_are_registered_at_once(store):
    items = {f"item{number}": True for number in range(10_000)}
    assert len(store.register(items, NOON)) == 10_000
    assert len(store.register(items, at(60))) == 10_000


@pytest.mark.parametrize(
    ("question", "index"),
    [
        (claiming._HAS_CANDIDATES, "occurrences_waiting"),
        (claiming._CANDIDATES, "occurrences_waiting"),
        (claiming._RUNNING, "occurrences_running"),
        (claiming._OLDEST, "occurrences_not_over"),
        (accounting._GET_NOT_OVER, "occurrences_not_over"),
        (recovering._HAS_STOPPED, "occurrences_stopped"),
        (looking._NEXT_DUE, "occurrences_waiting"),
        (looking._COUNT_NOT_OVER, "occurrences_not_over"),
        (ending._FORGET, "occurrences_over"),
        (ledger._CANCEL_ASKED, "occurrences_running"),
    ],
)
def test_what_is_asked_each_second_is_found_by_an_index(store, question, index):
    names = re.findall(r"\?\d", question)
    asked = (None,) * (len(set(names)) or question.count("?"))
    plan = [str(row[3]) for row in store._connection.execute(f"EXPLAIN QUERY PLAN {question}", asked).fetchall()]
    assert any(index in step for step in plan)
    # That would be all that is remembered of an item.
    assert "SEARCH occurrences USING PRIMARY KEY (item=?)" not in plan
    assert not any("TEMP B-TREE FOR ORDER BY" in step for step in plan)


#: Root may write everywhere: for root the folder is mounted once more, and that mount is read-only.
MOUNTED = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"'
LOOK = """
import sys
from contextlib import closing
from pathlib import Path
from aetherflow.kernel.api import AetherFlowError
from aetherflow.scheduler.occurrences.opening import open_store

for is_to_read in (True, False):
    try:
        print(len(open_store(Path(sys.argv[1]), is_to_read=is_to_read).history()))
    except AetherFlowError as error:
        print(error.problem.code, error.problem.help)
"""


def look_read_only(state):
    """What a process that may not write finds."""
    command = [sys.executable, "-c", LOOK, str(state)]
    if os.geteuid() == 0:
        command = ["unshare", "--mount", "sh", "-c", MOUNTED, "sh", str(state), *command]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    if "unshare" in told.stderr:
        leave = pytest.fail if os.environ.get("AETHERFLOW_REQUIRE_SERVERS") else pytest.skip
        leave("there is no unshare, with which a folder is made read-only for root")
    assert told.stderr == ""
    return told.stdout.splitlines()


def test_ledger_that_may_only_be_read_is_read_and_not_worked_with(state):
    store = open_store(state)
    store.account([due(0)], at(0))
    store.close()
    modes = [(path, path.stat().st_mode & 0o777) for path in (*state.rglob("*"), state)]
    for path, mode in modes:
        path.chmod(mode & 0o555)
    try:
        rows, refused = look_read_only(state)
    finally:
        for path, mode in modes:
            path.chmod(mode)
    assert rows == "1"
    assert refused.startswith("AF-SCHEDULE-LEDGER make room, make it readable and writable")


def test_ledger_whose_newest_part_can_not_be_read_is_told(store, state):
    store.account([due(0)], at(0))
    (state / "copy").mkdir(mode=0o700)
    for name in ("occurrences.sqlite", "occurrences.sqlite-wal"):
        (state / "copy" / name).write_bytes((state / name).read_bytes())
        (state / "copy" / name).chmod(0o400)
    (state / "copy").chmod(0o500)
    try:
        told, _ = look_read_only(state / "copy")
    finally:
        (state / "copy").chmod(0o700)
    assert told.startswith("AF-SCHEDULE-LEDGER its newest part is in occurrences.sqlite-wal")
    assert told.endswith("and name that folder in state.path of the schedule file")
