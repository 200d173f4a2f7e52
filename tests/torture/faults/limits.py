"""Limits that hold for a whole project or process: a small file system, small files, few descriptors."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from .harness import Harness
from .project import Project

DISK_BYTES = 4 * 1024 * 1024
PAGE = 4096


@contextmanager
def small_disk(harness: Harness, folder: Path) -> Iterator[Project]:
    """A copy of the project on a file system of its own, which nobody but the program and `view` sees."""
    folder.mkdir()
    is_root = os.geteuid() == 0
    mount = f'mount -t tmpfs -o size={DISK_BYTES} small "$1" && echo mounted && exec cat'
    own = ["unshare", "-m" if is_root else "-Urm", "sh", "-c", mount, "sh", str(folder)]
    with subprocess.Popen(own, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        try:
            if holder.stdout.readline() != "mounted\n":
                leave = pytest.fail if os.environ.get("AETHERFLOW_REQUIRE_SERVERS") else pytest.skip
                leave("no file system can be mounted here, not even in a name space of its own")
            view = Path(f"/proc/{holder.pid}/root") / folder.relative_to("/")
            options = ["-m"] if is_root else ["-U", "-m", "--preserve-credentials"]
            enter = ("nsenter", "-t", str(holder.pid), *options)
            shutil.copytree(harness.template.view, view / "project")
            yield replace(harness.template, folder=folder / "project", view=view / "project", before=enter)
        finally:
            holder.stdin.close()


def leave_free(project: Project, pages: int) -> Path:
    """Fill the file system but for so many pages; answers the file that fills it."""
    ballast = project.view.parent / "ballast"
    with ballast.open("wb") as file:
        free = os.statvfs(ballast.parent).f_bavail * os.statvfs(ballast.parent).f_frsize
        os.posix_fallocate(file.fileno(), 0, free - pages * PAGE) if free > pages * PAGE else None
    return ballast


def limited(limit: str) -> tuple[str, ...]:
    """What to put in front of a command so that this limit holds for it."""
    return ("prlimit", f"--{limit}")
