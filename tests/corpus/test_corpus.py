"""Mistakes as people make them are found where they were made, and where there is none, nothing is said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import pytest

import aetherflow.kernel.plugins
from tests.corpus.documented import Example, examples_of
from tests.corpus.entries import Entry, Outcome, Said, entries_in, judge
from tests.corpus.site import install_globex
from tests.docs.pages import ROOT, name_of, pages

BROKEN = entries_in("broken")
CORRECT = entries_in("correct")

#: The part of all mistakes that must be told with the right code at the right line.
WANTED = 0.98
#: Each so many-th flow is given to the command line as well.
STRIDE = 17
TOOL = Path(sys.executable).parent / "aetherflow"
FIRST_PARTY = json.loads((Path(aetherflow.kernel.plugins.__file__).parent / "first_party.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder with a stranger's plugin, whose code must not be imported."""
    folder = tmp_path_factory.mktemp("site")
    install_globex(folder)
    return folder


@pytest.fixture(scope="module")
def outcomes(site):
    """What is said of each flow, in the order of their names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(site)
        environ = _environ(site)
        return {entry.name: judge(entry, environ) for entry in (*BROKEN, *CORRECT)}


def test_the_corpus_has_enough_flows_over_every_step_and_driver():
    assert len(BROKEN) >= 240
    assert len(CORRECT) >= 60
    for entries in (BROKEN, CORRECT):
        text = "\n".join(entry.file.read_text(encoding="utf-8") for entry in entries)
        missing = [
            step for step in FIRST_PARTY["steps"] if f"type: {step}," not in text and f"type: {step}\n" not in text
        ]
        missing += [
            name for name in FIRST_PARTY["connectors"] if "kind: {}, driver: {}".format(*name.split(":")) not in text
        ]
        assert not missing


def test_a_mistake_that_is_not_told_where_it_is_counts_as_missed():
    entry = Entry(Path("x/y.yaml"), frozenset({"AF-A", "AF-B"}), 7, {})

    told = {said: Outcome(entry, (Said(*said, help=""),)) for said in [("AF-B", 7), ("AF-B", 8), ("AF-C", 7)]}

    assert [told[said].is_caught for said in told] == [True, False, False]
    assert [told[said].has_code for said in told] == [True, True, False]
    assert [told[said].has_line for said in told] == [True, False, True]


def test_mistakes_are_told_with_their_kind_at_their_line(outcomes, capsys):
    broken = [outcomes[entry.name] for entry in BROKEN]

    with capsys.disabled():
        print(_table(broken))  # noqa: T201 - the share belongs into the log of every run

    missed = [str(outcome) for outcome in broken if not outcome.is_caught]
    assert len(missed) <= (1 - WANTED) * len(broken), "\n".join(missed)


def test_a_name_that_comes_near_to_the_right_one_is_told_the_right_one(outcomes):
    near = [outcomes[entry.name] for entry in BROKEN if entry.near is not None]

    unhelpful = [f"{each}, help without {each.entry.near}" for each in near if not each.names_the_right_one]
    assert len(near) >= 50
    assert not unhelpful, "\n".join(unhelpful)


def test_nothing_is_said_of_correct_flows(outcomes):
    false_alarms = [str(outcomes[entry.name]) for entry in CORRECT if outcomes[entry.name].said]

    assert not false_alarms, "\n".join(false_alarms)


@pytest.mark.acceptance
@pytest.mark.parametrize("entry", [*BROKEN[::STRIDE], *CORRECT[::STRIDE]], ids=attrgetter("name"))
def test_the_command_line_says_the_same(entry, outcomes, site):
    code, said = _validated(entry.file, {**_environ(site), **entry.environ})

    expected = outcomes[entry.name].said
    assert sorted(said, key=str) == sorted(expected, key=str)
    assert code in ({0, 2, 3} if expected else {0})


@pytest.mark.acceptance
def test_nothing_is_said_of_the_flows_of_the_documentation(tmp_path, capsys):
    told = []
    count = 0
    for number, page in enumerate(pages()):
        folder, site = tmp_path / f"{number}" / "page", tmp_path / f"{number}" / "site"
        folder.mkdir(parents=True)
        site.mkdir()
        for example in examples_of(page, folder, site=site, environ=_environ(site)):
            count += 1
            told += [f"{example.place}: {each}" for each in _said_of(example)]
    for flow in sorted(ROOT.glob("demo/*/flow.yaml")):
        count += 1
        told += [f"{name_of(flow)}: {each}" for each in _validated(flow, _environ(tmp_path))[1]]

    with capsys.disabled():
        print(f"\ncorrect flows: {len(CORRECT)} of the corpus, {count} of the documentation")  # noqa: T201 - as above
    assert not told, "\n".join(told)
    assert len(CORRECT) + count >= 80


def _said_of(example: Example) -> list[Said]:
    return _validated(example.file, example.environ)[1]


def _validated(file: Path, environ: Mapping[str, str]) -> tuple[int, list[Said]]:
    """The exit code of the command line, and what it says."""
    done = subprocess.run(
        [TOOL, "validate", file, "--json"],
        cwd=file.parent,
        env=dict(environ),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    answer = json.loads(done.stdout)
    found = [*answer["errors"], *answer.get("warnings", ())]
    problems = [each for each in found if each["severity"] != "note"]
    return done.returncode, [Said(each["code"], each.get("line") or 0, each.get("help") or "") for each in problems]


def _environ(site: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(site), "PWD": str(site), "PYTHONPATH": str(site)}


def _table(outcomes: list[Outcome]) -> str:
    rows = ["", f"{'area':<16} flows  caught   code   line  alone"]
    by_area = {area: list(found) for area, found in groupby(outcomes, key=lambda outcome: outcome.entry.area)}
    for area, found in {**by_area, "all": outcomes}.items():
        shares = [
            sum(getattr(outcome, name) for outcome in found) / len(found)
            for name in ("is_caught", "has_code", "has_line", "is_alone")
        ]
        rows.append(f"{area:<16} {len(found):5} " + " ".join(f"{share:6.1%}" for share in shares))
    return "\n".join(rows)
