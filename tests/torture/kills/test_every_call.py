"""R1, R4: killed in front of every call that changes something, a run ends as if undisturbed."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
from collections import Counter

import pytest

from ..lengths import SCALE, SEED, scaled
from .campaign import campaign, tell
from .scene import Scene, plain_code

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]

FLOWS = ["chain", "parallel", "processes", "once", "ending"]


def stratified(calls: list[str], wanted: int) -> list[int]:
    """So many numbers of calls, spread evenly over the run, and at least one of each kind."""
    dice = random.Random(SEED)  # noqa: S311 - a sample
    step = len(calls) / wanted
    spread = {min(len(calls), 1 + int((index + dice.random()) * step)) for index in range(wanted)}
    kinds = {calls[number - 1] for number in spread}
    for kind in sorted(set(calls) - kinds):
        spread.add(1 + dice.choice([index for index, call in enumerate(calls) if call == kind]))
    return sorted(spread)


@pytest.mark.parametrize("flow", FLOWS)
def test_a_run_that_is_killed_at_any_call_ends_like_an_undisturbed_one(flow, golden_of, crew, tmp_path):
    disturbed = campaign(golden_of(flow), crew, tmp_path)
    made = [call.partition(" ")[0] for call in disturbed.calls()]
    numbers = list(range(1, len(made) + 1)) if SCALE >= 1 else stratified(made, scaled(len(made), least=6))
    figures = disturbed.at_calls(numbers)
    kinds = ", ".join(f"{many} {kind}" for kind, many in Counter(made[number - 1] for number in numbers).most_common())
    tell(f"every call, {flow} (seed {SEED}): {len(numbers)} of {len(made)} points ({kinds}); {figures}")
    assert figures.faults == []
    # A few calls more or less are the timing's; of a small sample they are a larger part.
    assert figures.kills >= len(numbers) * 0.9 - 2


#: What calls.c notes of a system call, where that is another word.
NOTED_AS = {
    "openat": "open",
    "pwrite64": "pwrite",
    "renameat": "rename",
    "renameat2": "rename",
    "linkat": "link",
    "symlinkat": "symlink",
    "unlinkat": "unlink",
    "mkdirat": "mkdir",
    "fchmod": "chmod",
    "fchmodat": "chmod",
}
KINDS = (
    *("open", "write", "writev", "pwrite", "pwritev", "sendfile", "copy_file_range", "fsync", "fdatasync", "syncfs"),
    *("ftruncate", "truncate", "fallocate", "rename", "link", "symlink", "unlink", "rmdir", "mkdir", "chmod"),
)


def seen_by_strace(trace: str, record: str) -> Counter[str]:
    """The calls in a trace, as calls.c would note them; its own notes left out."""
    seen: Counter[str] = Counter()
    for call, rest in re.findall(r"^\d+ +(\w+)\((.*)$", trace, re.MULTILINE):
        kind = NOTED_AS.get(call, call)
        if kind not in KINDS or record in rest or (kind == "open" and not re.search("O_CREAT|O_TRUNC|O_TMPFILE", rest)):
            continue
        seen[kind] += 1
    return seen


def test_the_calls_that_are_counted_are_those_that_the_system_sees(calls, tmp_path):
    if shutil.which("strace") is None:
        leave = pytest.fail if os.environ.get("AETHERFLOW_REQUIRE_SERVERS") else pytest.skip
        leave("there is no strace, which sees every system call")
    code = plain_code(calls)
    scene = Scene(folder=tmp_path / "scene", flow="chain", code=code)
    record, trace = tmp_path / "noted-calls", tmp_path / "trace"
    environment = {**scene.environment, "LD_PRELOAD": str(calls), "KILLS_AT": "0", "KILLS_RECORD": str(record)}
    given = [word for name in environment.items() for word in ("-E", "=".join(name))]
    command = ["strace", "-f", "-y", "-s", "0", "-o", str(trace), "-e", "trace=%file,%desc", *given]
    subprocess.run([*command, *code.command, *scene.arguments], cwd=scene.folder, check=True, capture_output=True)
    noted = Counter(line.partition(" ")[0] for line in record.read_text().splitlines())
    assert noted == seen_by_strace(trace.read_text(errors="replace"), record.name)
    assert noted.total() > 100
