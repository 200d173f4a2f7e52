"""S7: an archive costs little memory, whatever it unpacks to, and what is refused costs no disk."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from plugins.archive.tests.hostile import CASES, MIB, MORE, build, bytes_of, one

ROOT = Path(__file__).parents[3]
SCRIPT = """
import sys, threading
from pathlib import Path
from aetherflow.kernel.api import ConnectorError, Watch
from plugins.archive.tests.conftest import new_watch, zipfile_archiver
watch = Watch(cancelled=threading.Event(), progress=lambda done, total: None)
archiver = zipfile_archiver()
if sys.argv[3] == "imports":
    import aetherflow_archive.extraction
else:
    try:
        archiver.extract(Path(sys.argv[1]), Path(sys.argv[2]), password=None, members=None, watch=watch)
    except ConnectorError as error:
        print(error.problem.code)
# Not ru_maxrss: that starts with what the process had before it became this one.
(peak,) = [line for line in open("/proc/self/status").read().splitlines() if line.startswith("VmHWM")]
print(int(peak.split()[1]) // 1024)
"""
BOMBS = [case for case in (*CASES, *MORE) if case.number[:2] in {"26", "27", "29", "30"} or "bzip2 " in case.number]


def work(archive: Path, target: Path, what: str = "work") -> list[str]:
    """What a process of its own says, which may have 1 GiB of addresses."""

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))

    words = [sys.executable, "-c", SCRIPT, archive, target, what]
    told = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True, preexec_fn=limit)
    return told.stdout.split()


@pytest.fixture(scope="module")
def at_rest(tmp_path_factory):
    """MiB of the same process after its imports."""
    (size,) = work(Path("/none"), tmp_path_factory.mktemp("none"), "imports")
    return int(size)


def disk(folder: Path) -> int:
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("case", BOMBS, ids=lambda case: case.number)
def test_a_bomb_is_refused_in_little_memory_and_on_little_disk(tmp_path, at_rest, case):
    archive, target = tmp_path / "bomb.zip", tmp_path / "target"
    archive.write_bytes(bytes_of(case))
    target.mkdir()
    code, size = work(archive, target)
    assert code == case.code
    assert int(size) <= 100
    assert int(size) - at_rest <= 40
    assert disk(target) <= MIB


@pytest.mark.parametrize("method", [0, 8])
def test_a_big_member_is_never_in_memory_as_a_whole(tmp_path, at_rest, method):
    archive, target = tmp_path / "big.zip", tmp_path / "target"
    line = bytes(range(256)) * 16 + b"\0" * 60_000
    archive.write_bytes(build(one("big", line * (120 * MIB // len(line)), method=method)))
    target.mkdir()
    (size,) = work(archive, target)
    assert (target / "big").stat().st_size > 119 * MIB
    assert int(size) - at_rest <= 30
