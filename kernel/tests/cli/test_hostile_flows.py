"""A hostile flow gets one error, with its code and place, for about what a normal flow of its size costs (S1, D50)."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]

MEBIBYTE = 1024 * 1024
LIMIT = 16 * MEBIBYTE

HEAD = b"version: 1\nflow: {id: f}\n"
ONE_STEP = HEAD + b'jobs: [{id: j, steps: [{id: s, type: say, inputs: {value: "%s"}}]}]\n'
#: How often a hostile flow may take what a normal one of its size takes, and what the start of the program takes.
MOST_OF_NORMAL, MOST_OF_START = 3, 3
#: What 2 million values take, which is what a document may hold.
MOST_MEMORY_IN_MEBIBYTES = 384


def normal_flow(size: int) -> bytes:
    """A right flow of about so many bytes."""
    steps, length = [], 0
    while length < size:
        steps.append(b'      - {id: s%d, type: say, inputs: {value: "a,b"}}\n' % len(steps))
        length += len(steps[-1])
    return HEAD + b"jobs:\n  - id: j\n    steps:\n" + b"".join(steps)


NORMAL = normal_flow(2 * MEBIBYTE)
LAUGHS = b"".join(
    [b"a0: &a0 [x, x, x, x, x, x, x, x, x]\n"]
    + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n".encode() for n in range(1, 10)],
)

HOSTILE = {
    "an alias bomb": (LAUGHS, "AF-YAML-LIMIT"),
    "100,000 keys": (b"".join(b"k%d: 1\n" % n for n in range(100_000)), "AF-YAML-LIMIT"),
    "100,000 inputs": (HEAD + b"jobs:\n" + b"".join(b"  k%d: 1\n" % n for n in range(100_000)), "AF-YAML-LIMIT"),
    "15 MiB of open brackets": (b"[" * (15 * MEBIBYTE), "AF-YAML-LIMIT"),
    "7 million nested lists": (b"- " * (7 * MEBIBYTE), "AF-YAML-LIMIT"),
    "7 million nested keys": (b"? " * (7 * MEBIBYTE), "AF-YAML-LIMIT"),
    "7 million colons": (b": " * (7 * MEBIBYTE), "AF-YAML-SYNTAX"),
    "nested blocks": (b"".join(b" " * n + b"a:\n" for n in range(5_000)), "AF-YAML-LIMIT"),
    "a program": (b"\x7fELF" + bytes(range(256)) * (32 * 1024), "AF-YAML-ENCODING"),
    "bytes that are no text": (bytes(range(255, 127, -1)) * (64 * 1024), "AF-YAML-ENCODING"),
    "NUL at the end of a big file": (NORMAL + b"\0", "AF-YAML-CHARACTER"),
    "UTF-16": (NORMAL.decode().encode("utf-16"), "AF-YAML-ENCODING"),
    "UTF-32": (NORMAL.decode().encode("utf-32"), "AF-YAML-ENCODING"),
    "a mark in the middle": (NORMAL + b"\xef\xbb\xbf", "AF-YAML-CHARACTER"),
    "a quote that is open at the end": (NORMAL + b'x: "abc', "AF-YAML-SYNTAX"),
    "a quote that is open from the start": (b'x: "' + NORMAL.replace(b'"', b"'"), "AF-YAML-SYNTAX"),
    "a bracket that is open at the end": (NORMAL + b"x: [abc", "AF-YAML-SYNTAX"),
    "one text of 16 MiB": (b'"' + b"y" * (LIMIT - 2) + b'"', "AF-WRONG-TYPE"),
    "one line of 16 MiB": (b"y " * (LIMIT // 2), "AF-WRONG-TYPE"),
    "one byte above 16 MiB": (b"y" * (LIMIT + 1), "AF-FILE-SIZE"),
    "a comment of 16 MiB": (b"#" * LIMIT, "AF-WRONG-TYPE"),
    "16 MiB of line ends": (b"\n" * LIMIT, "AF-WRONG-TYPE"),
    "a million jobs that are none": (HEAD + b"jobs: [" + b"1, " * 1_000_000 + b"]\n", "AF-WRONG-VALUE"),
    "a million dependencies": (
        HEAD + b"jobs: [{id: j, steps: [], depends_on: [" + b"a, " * 1_000_000 + b"]}]\n",
        "AF-WRONG-VALUE",
    ),
    "200,000 jobs of one name": (HEAD + b"jobs:\n" + b"  - {id: a, steps: []}\n" * 200_000, "AF-WRONG-VALUE"),
    "three million values": (HEAD + b"jobs: [" + b"1, " * 3_000_000 + b"]\n", "AF-YAML-LIMIT"),
    "500,000 anchors": (b"".join(b"- &a%d x\n" % n for n in range(500_000)), "AF-WRONG-TYPE"),
    "100,000 tags": (b"- !x y\n" * 100_000, "AF-YAML-TAG"),
    "500,000 templates in a text": (ONE_STEP % (b"{{run.id}}" * 500_000), "AF-TEMPLATE-LENGTH"),
    "500,000 open templates": (ONE_STEP % (b"{{a" * 500_000), "AF-TEMPLATE"),
    "a condition of 1 MiB": (
        HEAD + b"jobs: [{id: j, when: '" + b"(" * MEBIBYTE + b"', steps: []}]\n",
        "AF-WHEN-SIZE",
    ),
}


@dataclass(frozen=True)
class Measured:
    """What a command answered, and what it took; memory in MiB."""

    code: int
    seconds: float
    memory: int
    out: str


#: Between this process, whose memory its children would be charged with, and the program.
MEASURE = """
import json, resource, subprocess, sys
done = subprocess.run(sys.argv[1:], capture_output=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([done.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024, done.stdout.decode()]))
"""


def measure(project, name: str) -> Measured:
    command = [sys.executable, "-I", "-c", MEASURE, *project.command("validate", name, "--json")]
    done = subprocess.run(command, cwd=project.folder, env=project.environ(), capture_output=True, check=True)
    return Measured(*json.loads(done.stdout))


@pytest.fixture(scope="module")
def shared_folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture
def costs(project, shared_folder) -> tuple[float, float]:
    """What the start of the program takes, and each MiB of a right flow: measured once."""
    kept = shared_folder / "costs.json"
    if not kept.exists():
        kept.write_text(json.dumps(_costs(project)))
    start, each = json.loads(kept.read_text())
    return start, each


def _costs(project) -> tuple[float, float]:
    (project.folder / "small.yaml").write_bytes(normal_flow(1))
    (project.folder / "big.yaml").write_bytes(NORMAL)
    small, big = measure(project, "small.yaml"), measure(project, "big.yaml")
    assert (small.code, big.code) == (0, 0)
    return small.seconds, (big.seconds - small.seconds) * MEBIBYTE / len(NORMAL)


@pytest.mark.parametrize(("source", "code"), HOSTILE.values(), ids=list(HOSTILE))
def test_a_hostile_flow_gets_one_error_at_its_place_within_bounds(project, costs, source, code):
    (project.folder / "flow.yaml").write_bytes(source)

    found = measure(project, "flow.yaml")

    assert found.code == 2
    (error,) = json.loads(found.out)["errors"]
    assert error["code"] == code
    assert error["file"] == "flow.yaml"
    assert error["line"] >= 1
    assert error["column"] >= 1
    start, each_mebibyte = costs
    size = min(len(source), LIMIT) / MEBIBYTE
    assert found.seconds <= MOST_OF_START * start + MOST_OF_NORMAL * each_mebibyte * size
    assert found.memory <= MOST_MEMORY_IN_MEBIBYTES


def test_a_sparse_file_of_two_gibibytes_is_not_read(project, costs):
    with (project.folder / "flow.yaml").open("wb") as file:
        file.truncate(2 * 1024**3)

    found = measure(project, "flow.yaml")

    assert found.code == 2
    (error,) = json.loads(found.out)["errors"]
    assert (error["code"], error["line"], error["column"]) == ("AF-FILE-SIZE", 1, 1)
    assert found.seconds <= MOST_OF_START * costs[0]
    assert found.memory <= MOST_MEMORY_IN_MEBIBYTES


def test_of_very_many_mistakes_the_first_thousand_are_told(project):
    (project.folder / "flow.yaml").write_bytes(HEAD + b"jobs:\n" + b"  - {id: a b, steps: []}\n" * 50_000)

    found = measure(project, "flow.yaml")

    assert found.code == 2
    errors = json.loads(found.out)["errors"]
    assert len(errors) == 1_001
    assert errors[-1]["code"] == "AF-MORE-PROBLEMS"
    assert {error["code"] for error in errors[:-1]} <= {"AF-ID", "AF-DUPLICATE-ID"}
    assert errors[-1]["line"] > errors[0]["line"]
    assert found.memory <= MOST_MEMORY_IN_MEBIBYTES


def _templates(count: int) -> bytes:
    return HEAD + b"jobs: [{id: j, steps: [{id: s, type: say, inputs: {value: [%s]}}]}]\n" % (b'"{{run.id}}", ' * count)


def _missing_keys(count: int) -> bytes:
    inputs = b"".join(b'k%d: "{{env.NONE%d}}", ' % (number, number) for number in range(count))
    return HEAD + b"jobs: [{id: j, steps: [{id: s, type: say, inputs: {value: {%s}}}]}]\n" % inputs


def _references(count: int) -> bytes:
    steps = b"".join(
        b'      - {id: s%d, type: say, inputs: {value: "{{steps.s%d.valeu}}"}}\n' % (number, number - 1)
        for number in range(count)
    )
    return HEAD + b"jobs:\n  - id: j\n    steps:\n" + steps


@pytest.mark.parametrize(("make", "count"), [(_templates, 20_000), (_missing_keys, 4_000), (_references, 4_000)])
def test_twice_as_much_takes_about_twice_as_long(project, make, count):
    """Looking through all inputs for each template, or through all keys for each place, took minutes."""
    seconds = []
    for factor in (1, 2):
        (project.folder / "flow.yaml").write_bytes(make(factor * count))
        seconds.append(measure(project, "flow.yaml").seconds)

    assert seconds[1] <= 3 * seconds[0]
