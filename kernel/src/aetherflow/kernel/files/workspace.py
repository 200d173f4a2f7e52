"""The folders of a run: made for each job, marked as ours, removed at the end of the run and not before."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from ..contracts.events import Status
from ..errors import RunFailed
from ..quick_dataclasses import dataclass, field
from ..state.folders import FOR_ITS_USER_ONLY, make_folders, make_private_folders, open_folder
from .removal import remove_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .unfinished import Unfinished

MARKER_NAME = ".aetherflow-run"
#: What the system says where there is none, or a link in its place.
_NO_MARKER = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}
#: What the system says where a part of a path is a link, or a file.
_NO_FOLDER = {errno.ENOTDIR, errno.ELOOP}


@dataclass(slots=True, kw_only=True)
class JobFolders:
    """The folders of one job of a run, absolute and resolved; many jobs need none, so they are made on request."""

    workspace: Workspace
    job_id: str
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _are_made: bool = False

    @property
    def artifacts(self) -> Path:
        """What the job makes."""
        return self.workspace.folder_of(self.job_id, "artifacts")

    @property
    def scratch(self) -> Path:
        """What nobody needs afterwards."""
        return self.workspace.folder_of(self.job_id, "scratch")

    @property
    def manifests(self) -> Path:
        """Records of what was done."""
        return self.workspace.folder_of(self.job_id, "manifests")

    @property
    def all(self) -> tuple[Path, Path, Path]:
        """The three of them, made or not."""
        return (self.artifacts, self.scratch, self.manifests)

    def make(self) -> None:
        """Make them where they are missing.

        Raises:
            RunFailed: they can't be made, or the place is taken by something that is not this run's.
        """
        with self._guard:
            if not self._are_made:
                self.workspace.make(self)
                self._are_made = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """`<root>/<flow>/<job>/<run>/…`; `marker` is the random name that says a folder is this run's."""

    root: Path
    flow_id: str
    run_id: str
    layout: Mapping[str, str]
    cleanup_policy: str
    marker: str
    #: What is being put in place by the run's steps, in the workspace and elsewhere.
    unfinished: Unfinished | None = None

    @property
    def flow_root(self) -> Path:
        """The folder of all runs of the flow."""
        return self.root / self.flow_id

    def of_job(self, job_id: str) -> JobFolders:
        """The job's folders, not made yet."""
        return JobFolders(workspace=self, job_id=job_id)

    def folder_of(self, job_id: str, name: str) -> Path:
        """One of a job's folders, by its name in the layout."""
        return self._home(job_id) / self.layout[name]

    def make(self, folders: JobFolders) -> None:
        """Make a job's folders where they are missing.

        Raises:
            RunFailed: they can't be made, or the place is taken by something that is not this run's.
        """
        home = self._home(folders.job_id)
        try:
            make_private_folders(self.root, self.flow_root, home.parent, home)
            self._claim(home)
            make_folders(*folders.all, mode=FOR_ITS_USER_ONLY)
        except OSError as error:
            if error.errno in _NO_FOLDER:
                raise _foreign(f"a part of the workspace folder {home} is a link or a file") from error
            raise RunFailed(
                f"the workspace folder {home} can't be made: {error.strerror}",
                code="AF-WORKSPACE",
                help="give another folder in flow.workspace.root, or make room or rights there",
            ) from error

    def clean_up(self, job_ids: tuple[str, ...], status: Status) -> None:
        """Remove the run's folders where the policy says so; only what carries this run's marker.

        What attempts that were left behind did not put in place is removed in any case: they can't any more.
        """
        if self.unfinished is not None:
            self.unfinished.clear()
        if self.cleanup_policy == "never" or (self.cleanup_policy == "on_success" and not status.is_done):
            return
        if not _is_folder(self.flow_root):
            # No job has made one.
            return
        for job_id in job_ids:
            if remove_marked(self._home(job_id), self.marker):
                # Other runs of the job and of the flow may be at work there: then they are not empty.
                _remove_empty(self.flow_root / job_id)
        _remove_empty(self.flow_root)

    def _home(self, job_id: str) -> Path:
        return self.root / self.flow_id / job_id / self.run_id

    def _claim(self, home: Path) -> None:
        # Here and not at the top: many runs make no folder.
        from .publish import TEMPORARY_PREFIX, publish

        with open_folder(home) as descriptor:
            # Ours as long as nothing but attempts to mark it stands there.
            is_new = all(name.startswith(TEMPORARY_PREFIX) for name in os.listdir(descriptor))  # noqa: PTH208 - no Path lists an open folder
        if is_new:
            with publish(home / MARKER_NAME, mode=0o600, owner=self.marker) as temporary:
                temporary.write_text(self.marker, encoding="ascii")
        with open_folder(home) as descriptor:
            if _marker_in(descriptor) != self.marker:
                raise _foreign(f"the workspace folder {home} holds something that is not this run's")


def _foreign(message: str) -> RunFailed:
    mend = "start the run with another id, or give another flow.workspace.root"
    return RunFailed(message, code="AF-WORKSPACE-FOREIGN", help=mend)


def remove_marked(home: Path, marker: str) -> bool:
    """Remove a folder that carries `marker`, through open folders, never through links or into what is mounted there.

    Whatever is put in its place meanwhile: what is removed is what carried the marker.
    """
    try:
        with open_folder(home.parent) as parent, open_folder(home) as descriptor:
            found = _marker_in(descriptor)
            if found is None:
                # Only where nothing is in it: what is left of a removal that was cut off.
                os.rmdir(home.name, dir_fd=parent)
                return True
            return found == marker and remove_folder(home.name, parent, descriptor, last=MARKER_NAME)
    except OSError:
        return False


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _remove_empty(folder: Path) -> None:
    """Remove a folder of ours in which nothing is left: one made by this user, for nobody else."""
    with contextlib.suppress(OSError), open_folder(folder.parent) as parent:
        found = os.stat(folder.name, dir_fd=parent, follow_symlinks=False)
        if found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) == FOR_ITS_USER_ONLY:
            os.rmdir(folder.name, dir_fd=parent)


def _marker_in(folder: int) -> str | None:
    try:
        descriptor = os.open(MARKER_NAME, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError as error:
        if error.errno in _NO_MARKER:
            return None
        raise
    try:
        return os.read(descriptor, 256).decode("ascii", "replace")
    finally:
        os.close(descriptor)
