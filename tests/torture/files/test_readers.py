"""R14: whoever reads an output finds it as it was or as it is to be, and after the next start nothing is left over."""

from __future__ import annotations

import contextlib
import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.torture.files.workplace import Workplace, new_workplace
from tests.torture.lengths import SCALE, SEED, scaled
from tests.torture.mutants import Mutant

pytestmark = pytest.mark.slow

FLOW = """version: 1
flow: {id: outputs, workspace: {root: work, cleanup_policy: never}}
jobs:
  - id: main
    steps:
      - {id: a, type: publish_on_and_on, inputs: {times: 4, first: 100}}
      - {id: b, type: publish_on_and_on, inputs: {times: 4, first: 200}}
"""
OUTPUTS = ("out/file", "work/outputs/main/r/artifacts/file", "out/folder")
KILLS = scaled(200, least=3)
#: How often a mutant is tried before it counts as not found.
ROUNDS = 8
POLLS = scaled(1_000_000, least=3_000)


@contextlib.contextmanager
def readers(workplace: Workplace, count: int):
    """Processes that read all outputs; gives what they found when the block has ended."""
    found: Counter[str] = Counter()
    script = Path(__file__).with_name("readers.py")
    words = [sys.executable, str(script), *(str(workplace.folder / path) for path in OUTPUTS)]
    running = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(count)]
    try:
        for reader in running:
            assert reader.stdout.readline() == "ready\n"
        yield found
    finally:
        for reader in running:
            reader.send_signal(signal.SIGTERM)
        for reader in running:
            with reader:
                found.update(json.loads(reader.stdout.read()))


def kill_and_go_on(workplace: Workplace, kills: int, seconds: float, seed: int) -> tuple[Counter[str], list[list[str]]]:
    """Kill runs at random moments while others read, go on with them; what was found, and what was left over."""
    chance = random.Random(seed)  # noqa: S311 - a moment, not a secret
    flow = workplace.write("flow.yaml", FLOW)
    # All outputs are there from the first run on: from then on none may ever be missing.
    assert workplace.run("run", flow, "--run-id", "r")["status"] == "SUCCESS"
    left: list[list[str]] = []
    cut = number = 0

    def go_on() -> None:
        # With other inputs: no later attempt has the name of what an earlier one left, only the list tells of it.
        workplace.write("flow.yaml", FLOW.replace("first: ", f"first: {number + 50}"))
        answer = workplace.run("run", flow, "--resume", "r", "--from", "a", "--accept-changes")
        assert answer["status"] == "SUCCESS", answer

    with readers(workplace, 2) as found:
        began = time.monotonic()
        while cut < kills or time.monotonic() - began < seconds:
            number += 1
            workplace.write("flow.yaml", FLOW.replace("first: ", f"first: {number}"))
            run = ("run", flow, "--resume", "r", "--from", "a", "--accept-changes")
            with workplace.start(*run) as running:
                # However long the program takes to start here.
                any("step_start" in line for line in running.stderr)
                time.sleep(chance.uniform(0.0, 0.5))
                running.kill()
            cut += running.returncode == -signal.SIGKILL
            if chance.random() < 0.5:
                go_on()
                left += [rest for rest in [workplace.left()] if rest]
            assert number < 4 * kills + 20 + seconds, "hardly a run is cut off"
        go_on()
        left += [rest for rest in [workplace.left()] if rest]
    found["kills"] = cut
    return found, left


def test_readers_find_whole_outputs_while_writers_are_killed_and_nothing_is_left(tmp_path):
    workplace = new_workplace(tmp_path)
    found, left = kill_and_go_on(workplace, KILLS, 200 * SCALE, SEED)
    print(f"\nR14: {dict(found)}, left over after the next start: {len(left)} (seed {SEED})")
    assert left == []
    assert found["partial"] == found["absent"] == 0
    assert found["polls"] >= POLLS
    assert found["kills"] >= KILLS
    assert found["versions"] >= 10 * KILLS


PUBLISH = "aetherflow/kernel/files/publish.py"
MUTANTS = [
    Mutant(
        name="a folder is removed and then renamed",
        file=PUBLISH,
        old="        move(source, target, EXCHANGE)\n",
        new="        remove_folder_of_name(target.name, target.folder)\n        move(source, target, KEEP)\n",
    ),
    Mutant(
        name="written in its place",
        file=PUBLISH,
        old="            yield place\n            record",
        new="            yield path\n            os.unlink(path.name, dir_fd=stage)\n"
        "            os.link(path, path.name, dst_dir_fd=stage)\n            record",
    ),
    Mutant(
        name="nobody looks at the list",
        file="aetherflow/kernel/files/unfinished.py",
        old="for entry in self._read() if not _remove(entry)]",
        new="for entry in ()]",
    ),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_is_found(mutant, tmp_path):
    # Whether a kill comes at the moment that matters is chance.
    for number in range(ROUNDS):
        workplace = new_workplace(tmp_path / f"{number}", mutant)
        found, left = kill_and_go_on(workplace, 2, 0, SEED + number)
        if left or found["partial"] or found["absent"]:
            return
    pytest.fail(f"not found in {ROUNDS} rounds; the last: {dict(found)}")
