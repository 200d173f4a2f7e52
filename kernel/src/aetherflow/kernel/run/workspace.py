"""The folders of a run: made for each job, marked as ours, removed at the end of the run and not before."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from ..contracts.events import Status
from ..errors import RunFailed
from ..quick_dataclasses import dataclass, field
from ..state.folders import FOR_ITS_USER_ONLY, make_folders, make_private_folder
from .publish import TEMPORARY_PREFIX, publish

if TYPE_CHECKING:
    from collections.abc import Mapping

MARKER_NAME = ".aetherflow-run"
#: What the system says where there is none, or a link in its place.
_NO_MARKER = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}


@dataclass(slots=True, kw_only=True)
class JobFolders:
    """The folders of one job of a run, absolute and resolved; many jobs need none, so they are made on request."""

    workspace: Workspace
    job_id: str
    artifacts: Path
    scratch: Path
    manifests: Path
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _are_made: bool = False

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

    @property
    def flow_root(self) -> Path:
        """The folder of all runs of the flow."""
        return self.root / self.flow_id

    def of_job(self, job_id: str) -> JobFolders:
        """The job's folders, not made yet."""
        home = self._home(job_id)
        artifacts, scratch, manifests = (home / self.layout[name] for name in ("artifacts", "scratch", "manifests"))
        return JobFolders(workspace=self, job_id=job_id, artifacts=artifacts, scratch=scratch, manifests=manifests)

    def make(self, folders: JobFolders) -> None:
        """Make a job's folders where they are missing.

        Raises:
            RunFailed: they can't be made, or the place is taken by something that is not this run's.
        """
        home = self._home(folders.job_id)
        try:
            make_private_folder(home)
            self._claim(home)
            make_folders(*folders.all, mode=FOR_ITS_USER_ONLY)
        except OSError as error:
            raise RunFailed(
                f"the workspace folder {home} can't be made: {error.strerror}",
                code="AF-WORKSPACE",
                help="give another folder in flow.workspace.root, or make room or rights there",
            ) from error

    def clean_up(self, job_ids: tuple[str, ...], status: Status) -> None:
        """Remove the run's folders where the policy says so; only what carries this run's marker."""
        if self.cleanup_policy == "never" or (self.cleanup_policy == "on_success" and not status.is_done):
            return
        for job_id in job_ids:
            remove_marked(self._home(job_id), self.marker)

    def _home(self, job_id: str) -> Path:
        return self.root / self.flow_id / job_id / self.run_id

    def _claim(self, home: Path) -> None:
        if home.is_symlink() or home.resolve() != home:
            raise RunFailed(
                f"the workspace folder {home} is a link",
                code="AF-WORKSPACE-FOREIGN",
                help="give another flow.workspace.root",
            )
        # Ours as long as nothing but attempts to mark it stands there.
        if all(entry.name.startswith(TEMPORARY_PREFIX) for entry in home.iterdir()):
            with publish(home / MARKER_NAME, mode=0o600, owner=self.marker) as temporary:
                temporary.write_text(self.marker, encoding="ascii")
        if _marker_of(home) != self.marker:
            raise RunFailed(
                f"the workspace folder {home} holds something that is not this run's",
                code="AF-WORKSPACE-FOREIGN",
                help="start the run with another id, or give another flow.workspace.root",
            )


def remove_marked(home: Path, marker: str) -> bool:
    """Remove a folder that carries `marker`, through open folders, never through links or into other file systems."""
    try:
        parent = os.open(home.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        found = _marker_of(home)
        if found not in {marker, None}:
            return False
        if found is not None:
            device = os.stat(home.name, dir_fd=parent, follow_symlinks=False).st_dev
            _empty(home.name, parent, device)
        # Without a marker only where nothing is in it: what is left of a removal that was cut off.
        os.rmdir(home.name, dir_fd=parent)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(parent)


def _empty(name: str, parent: int, device: int) -> None:
    for place, folders, files, descriptor in os.fwalk(name, topdown=False, follow_symlinks=False, dir_fd=parent):
        if os.fstat(descriptor).st_dev != device:
            continue
        is_home = place == name
        for file in files:
            if not (is_home and file == MARKER_NAME):
                os.unlink(file, dir_fd=descriptor)
        for folder in folders:
            _remove_entry(folder, descriptor)
        if is_home:
            # Last, so that a removal that is cut off can be gone on with.
            os.unlink(MARKER_NAME, dir_fd=descriptor)


def _remove_entry(name: str, parent: int) -> None:
    # A link to a folder is listed among the folders.
    with contextlib.suppress(NotADirectoryError):
        os.rmdir(name, dir_fd=parent)
        return
    os.unlink(name, dir_fd=parent)


def _marker_of(home: Path) -> str | None:
    try:
        descriptor = os.open(home / MARKER_NAME, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in _NO_MARKER:
            return None
        raise
    try:
        return os.read(descriptor, 256).decode("ascii", "replace")
    finally:
        os.close(descriptor)
