"""Debian's own cron under a clock that is moved by its sleeping: what it starts when, years in moments."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

#: Where the package is unpacked, for machines that have not installed it; `/` where they have.
ROOT = Path(os.environ.get("AETHERFLOW_DEBIAN_CRON", "/"))
CRON, CRONTAB = ROOT / "usr/sbin/cron", ROOT / "usr/bin/crontab"

#: In a view of the file system of its own: other tables, and nothing left behind.
_INSIDE = """
mount -t tmpfs none /var/spool && mkdir /var/spool/cron && mount --bind "$1/spool" /var/spool/cron || exit 9
mount --bind "$1/run" /run || exit 9
if [ -d /etc/cron.d ]; then mount --bind "$1/none" /etc/cron.d || exit 9; fi
if [ -e /etc/crontab ]; then mount --bind /dev/null /etc/crontab || exit 9; fi
shift
exec "$@"
"""


def why_not() -> str | None:
    """Why it can't be run here; null where it can."""
    if not CRON.exists() or not CRONTAB.exists():
        return f"no cron in {ROOT}: install Debian's package, or name where it is unpacked in AETHERFLOW_DEBIAN_CRON"
    if os.geteuid() or not shutil.which("unshare") or not shutil.which("cc"):
        return "it needs root, unshare and a C compiler"
    probe = subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False)
    return f"no mounts here: {probe.stderr.decode()}" if probe.returncode else None


@dataclass(frozen=True, slots=True)
class DebianCron:
    """Its folders, and its clock."""

    folder: Path

    def make(self) -> DebianCron:
        """Build the clock and the folders."""
        for name in ("spool/crontabs", "run", "none"):
            (self.folder / name).mkdir(parents=True)
        source = Path(__file__).with_name("clock_of_cron.c")
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", self._clock, source], check=True)
        return self

    def starts(self, line: str, zone: str, start: datetime, end: datetime) -> list[datetime]:
        """The minutes between two moments in which it starts a line's command, in UTC."""
        notes = self.folder / "notes"
        notes.unlink(missing_ok=True)
        table = self.folder / "spool/crontabs/root"
        table.write_text(f"{line} command\n")
        table.chmod(0o600)
        environment = {
            "PATH": os.environ["PATH"],
            "TZ": zone,
            "LD_PRELOAD": str(self._clock),
            "CLOCK_START": str(int(start.timestamp())),
            "CLOCK_END": str(int(end.timestamp())),
            "CLOCK_NOTES": str(notes),
        }
        # The clock is for cron alone.
        command = ["env", *(f"{name}={value}" for name, value in environment.items()), str(CRON), "-f"]
        self._run(command, check=True)
        seconds = [int(note.split()[0]) for note in notes.read_text().splitlines()] if notes.exists() else []
        return sorted({datetime.fromtimestamp(second // 60 * 60, UTC) for second in seconds})

    def accepts(self, line: str) -> bool:
        """Whether a table with the line may be installed."""
        table = self.folder / "table"
        table.write_text(f"{line} command\n")
        return self._run([str(CRONTAB), "-n", str(table)], check=False) == 0

    @property
    def _clock(self) -> Path:
        return self.folder / "clock.so"

    def _run(self, command: list[str], *, check: bool) -> int:
        inside = ["unshare", "-m", "sh", "-c", _INSIDE, "sh", str(self.folder), *command]
        done = subprocess.run(inside, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode == 9 or (check and done.returncode):
            raise AssertionError(done.stderr)
        return done.returncode
