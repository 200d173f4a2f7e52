"""What a step is given: what it publishes is as private as its place, and refused once the run has left it behind."""

from __future__ import annotations

import stat
import threading
import time
from contextlib import suppress
from types import SimpleNamespace

import pytest

from aetherflow.kernel.api import Command, LockLost, PathRefused, StepError
from aetherflow.kernel.files.paths import ProtectedPlaces, StepPaths
from aetherflow.kernel.run.connectors import ConnectorSource, RunConnectors
from aetherflow.kernel.run.context import AttemptContext, AttemptLog, Fence
from aetherflow.kernel.run.keeping import KeeperOnDemand
from aetherflow.kernel.state.ledger import open_ledger


def ignore(*_):
    """Nobody watches."""


@pytest.fixture
def folders(tmp_path):
    made = {name: tmp_path.resolve() / name for name in ("artifacts", "project")}
    for folder in made.values():
        folder.mkdir(mode=0o755)
    return made


@pytest.fixture
def context(folders):
    artifacts, project = folders["artifacts"], folders["project"]
    roots = (artifacts, project)
    nothing = ProtectedPlaces(folders=(), files=())
    paths = StepPaths(
        artifacts=artifacts,
        project=project,
        read_roots=roots,
        write_roots=roots,
        own_to_read=(),
        own_to_write=(),
        protected=nothing,
    )
    source = ConnectorSource(resources={"store": None}, connector_class=ignore, file_path=ignore, log=ignore)
    cancelled = threading.Event()
    ids = {"flow_id": "flow", "run_id": "run", "job_id": "job", "step_id": "step"}
    return AttemptContext(
        **ids,
        item="",
        generation=0,
        attempt=1,
        start=1,
        inputs_digest="digest",
        project=project,
        folders=SimpleNamespace(
            make=ignore,
            artifacts=artifacts,
            scratch=artifacts,
            manifests=artifacts,
            all=(artifacts,),
            workspace=SimpleNamespace(unfinished=None),
        ),
        environment={},
        log=AttemptLog(tell=ignore, **ids),
        cancelled=cancelled,
        cancel=cancelled.set,
        connectors=RunConnectors(source),
        paths=paths,
        tell=ignore,
        fence=Fence(),
        keeper=KeeperOnDemand(folders["project"] / "ledger.sqlite"),
        run_inner=ignore,
        redact=str,
    )


@pytest.fixture
def locked_context(context, folders):
    """A context whose lock was lost while its process stood still: nobody has told it yet."""
    open_ledger(folders["project"] / "ledger.sqlite").close()
    with suppress(LockLost), context.lease("k", ttl_seconds=600) as lease:
        lease.lost_at = 0.0
        yield context


def test_a_holder_that_stood_still_publishes_nothing_though_nobody_has_told_it(locked_context, folders):
    file, folder = folders["project"] / "file", folders["project"] / "folder"
    with pytest.raises(LockLost), locked_context.publish(file) as temporary:
        temporary.write_text("late")
    with locked_context.staged_folder(folder) as staged, pytest.raises(LockLost):
        locked_context.publish_folder(staged, folder)
    with pytest.raises(LockLost):
        locked_context.check_fence()
    assert not file.exists()
    assert not folder.exists()
    assert locked_context.cancelled.is_set()


def test_a_folder_is_published_as_private_as_its_place(context, folders):
    for name, mode in (("artifacts", 0o700), ("project", 0o755)):
        final = folders[name] / "out"
        with context.staged_folder(final) as staged:
            (staged / "file").touch()
            context.publish_folder(staged, final)
        assert stat.S_IMODE(final.stat().st_mode) == mode
        assert [path.name for path in folders[name].iterdir()] == ["out"]


def test_an_attempt_that_was_left_behind_publishes_nothing(context, folders):
    file, folder = folders["project"] / "file", folders["project"] / "folder"
    with pytest.raises(StepError, match="left this attempt behind"), context.publish(file) as temporary:
        temporary.write_text("late")
        context.fence.revoke()
    with context.staged_folder(folder) as staged, pytest.raises(StepError, match="left this attempt behind"):
        context.publish_folder(staged, folder)
    with pytest.raises(StepError) as caught:
        context.check_fence()
    assert caught.value.problem.code == "AF-FENCED"
    assert list(folders["project"].iterdir()) == []


def test_a_folder_outside_is_neither_staged_nor_published(context, tmp_path):
    outside = tmp_path / "outside"
    with pytest.raises(PathRefused), context.staged_folder(outside):
        pass
    with pytest.raises(PathRefused):
        context.publish_folder(context.artifacts / "staged", outside)


def test_a_file_that_is_there_is_replaced_only_where_it_may_be(context, folders):
    file = folders["project"] / "file"
    file.write_text("old")
    with pytest.raises(FileExistsError), context.publish(file, replace=False) as temporary:
        temporary.write_text("new")
    assert file.read_text() == "old"
    with context.publish(file) as temporary:
        temporary.write_text("new")
    assert file.read_text() == "new"


def test_a_step_can_ask_whether_there_is_a_resource(context):
    assert context.connectors.has("store")
    assert not context.connectors.has("stores")


class Start:
    """The note of a start that goes to the disk."""

    def __init__(self):
        self.times_waited = 0

    def wait(self):
        self.times_waited += 1


def publish(context):
    with context.publish(context.project / "file"):
        pass


def publish_folder(context):
    with context.staged_folder(context.project / "folder") as staged:
        context.publish_folder(staged, context.project / "folder")


def take_lock(context):
    open_ledger(context.project / "ledger.sqlite").close()
    with context.lease("k"):
        pass


def spawn(context):
    context.spawn(Command(arguments=("true",), environment={}, cwd=context.project))


@pytest.mark.parametrize("act", [publish, publish_folder, take_lock, spawn, lambda context: context.run_step({})])
def test_what_others_see_waits_until_the_start_of_the_attempt_is_on_the_disk(context, act):
    start = Start()
    context.fence = Fence(start)
    act(context)
    act(context)
    assert start.times_waited == 1


def test_the_time_of_what_a_step_says_is_that_after_its_start(context):
    told, waited = [], []

    def wait():
        waited.append(time.time())

    log = AttemptLog(tell=told.append, flow_id="f", run_id="r", job_id="j", step_id="s", wait=wait)
    log.info("here")
    assert told[0].at >= waited[0]
