"""`aetherflow locks`, and which ledger such commands are about."""

from __future__ import annotations

import json
import re
from contextlib import closing
from dataclasses import replace

import pytest
from kernel.tests.state.test_migration import make_version_1

from aetherflow.kernel.cli.locks import list_locks, release_lock
from aetherflow.kernel.cli.which_ledger import chosen_ledger
from aetherflow.kernel.errors import ExitCode, InvalidInput, LedgerFailed, OwnedByAnother
from aetherflow.kernel.state.identity import own_identity
from aetherflow.kernel.state.leases import Holder, open_leases
from aetherflow.kernel.state.ledger import open_ledger

HOLDER = Holder(flow_id="daily", run_id="one", job_id="load", step_id="rows")
NOBODY = 2**22 + 1
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def make_ledger(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    open_ledger(path).close()
    return path


@pytest.fixture
def ledger(tmp_path):
    return make_ledger(tmp_path / "ledger.sqlite")


def hold(ledger, key="step:k", **owner):
    with closing(open_leases(ledger)) as store:
        return store.acquire(key, replace(own_identity(), **owner), HOLDER, ttl=600)


def listed(ledger, capsys, *, as_json=True):
    assert list_locks(flow=None, ledger=str(ledger), as_json=as_json, environ={}) is ExitCode.DONE
    out = capsys.readouterr().out
    return json.loads(out) if as_json else out


def release(ledger, key="step:k", *, token=None, force=False, as_json=False):
    return release_lock(key=key, token=token, force=force, flow=None, ledger=str(ledger), as_json=as_json, environ={})


def test_locks_are_listed_with_their_holders_and_how_they_stand(ledger, capsys):
    hold(ledger, "step:living")
    hold(ledger, "flow:daily", pid=NOBODY)

    found = listed(ledger, capsys)

    assert [(lock["key"], lock["standing"], lock["token"]) for lock in found] == [
        ("flow:daily", "dead", 1),
        ("step:living", "held", 1),
    ]
    assert {name: found[1][name] for name in ("flow_id", "run_id", "job_id", "step_id", "ttl_seconds")} == {
        "flow_id": "daily",
        "run_id": "one",
        "job_id": "load",
        "step_id": "rows",
        "ttl_seconds": 600,
    }


def test_the_list_for_people_has_a_line_for_each(ledger, capsys):
    hold(ledger)

    lines = listed(ledger, capsys, as_json=False).splitlines()

    assert lines[0].split() == ["KEY", "TOKEN", "STANDING", "FLOW", "RUN", "JOB", "STEP", "OWNER"]
    assert lines[1].split()[:7] == ["step:k", "1", "held", "daily", "one", "load", "rows"]


def test_where_nothing_is_held_that_is_said(ledger, capsys):
    assert listed(ledger, capsys) == []
    assert listed(ledger, capsys, as_json=False) == "no lock is held\n"


def test_a_lock_of_the_dead_is_released(ledger, capsys):
    hold(ledger, pid=NOBODY)

    assert release(ledger) is ExitCode.DONE

    assert capsys.readouterr().out == "released: step:k\n"
    assert listed(ledger, capsys) == []


@pytest.mark.parametrize("owner", [{}, {"host": "elsewhere", "pid": NOBODY}])
def test_a_lock_whose_holder_may_be_at_work_is_released_only_by_force(ledger, capsys, owner):
    hold(ledger, **owner)

    with pytest.raises(OwnedByAnother) as caught:
        release(ledger)

    assert caught.value.exit_code == ExitCode.OWNED_BY_ANOTHER
    assert "step 'rows' of job 'load' of run 'one' of flow 'daily' (pid " in caught.value.problem.message
    assert ("on another host" in caught.value.problem.message) == bool(owner)
    assert "--force" in caught.value.problem.help
    assert len(listed(ledger, capsys)) == 1

    assert release(ledger, force=True) is ExitCode.DONE
    capsys.readouterr()
    assert listed(ledger, capsys) == []


def test_a_token_keeps_the_next_holder_from_being_hit(ledger, capsys):
    hold(ledger)

    with pytest.raises(OwnedByAnother, match="with token 1, not 7"):
        release(ledger, token="7", force=True)
    assert len(listed(ledger, capsys)) == 1

    assert release(ledger, token="1", force=True, as_json=True) is ExitCode.DONE
    told = json.loads(capsys.readouterr().out)
    assert (told["released"], told["key"], told["token"]) == (True, "step:k", 1)


@pytest.mark.parametrize(("key", "token", "code"), [("step:x", None, "AF-LOCK-UNKNOWN"), ("step:k", "one", "AF-USAGE")])
def test_what_can_t_be_meant_is_told(ledger, key, token, code):
    hold(ledger)

    with pytest.raises(InvalidInput) as caught:
        release(ledger, key, token=token)

    assert caught.value.problem.code == code


def test_the_list_only_looks(tmp_path, capsys):
    ledger = tmp_path / "old" / "ledger.sqlite"
    make_version_1(ledger)
    before = {path.name: path.read_bytes() for path in ledger.parent.iterdir()}
    assert listed(ledger, capsys) == []
    assert {path.name: path.read_bytes() for path in ledger.parent.iterdir()} == before


def test_a_key_without_its_scope_is_enough_where_it_is_one(ledger, capsys):
    hold(ledger, "step:daily", pid=NOBODY)
    hold(ledger, "flow:daily", pid=NOBODY)
    with pytest.raises(InvalidInput, match="2 locks are called 'daily': 'flow:daily', 'step:daily'"):
        release(ledger, "daily")
    release(ledger, "step:daily")
    release(ledger, "daily")
    capsys.readouterr()
    assert listed(ledger, capsys) == []


def test_times_of_a_lock_are_texts(ledger, capsys):
    hold(ledger)
    assert all(re.fullmatch(TIME, listed(ledger, capsys)[0][name]) for name in ("acquired_at", "expires_at"))


def test_a_released_lock_goes_on_counting(ledger):
    hold(ledger)
    release(ledger, force=True)

    assert hold(ledger).token == 2


def test_a_file_that_is_no_ledger_is_refused(tmp_path):
    (tmp_path / "text").write_text("no ledger, and no database either" * 100)

    with pytest.raises(LedgerFailed):
        list_locks(flow=None, ledger=str(tmp_path / "text"), as_json=False, environ={})


FLOW = "version: 1\nflow: {id: f%s}\njobs: [{id: j, steps: [{id: s, type: there_is_no_such_step}]}]\n"


@pytest.mark.parametrize(
    ("settings", "more", "place"),
    [
        ("", "", ".aetherflow/state/ledger.sqlite"),
        ("settings: {state_root: kept}\n", "", "kept/ledger.sqlite"),
        ("settings: {state_root: kept}\n", ", state: {path: own.sqlite}", "own.sqlite"),
    ],
)
def test_the_ledger_of_a_flow_is_where_its_runs_keep_it_whatever_else_is_wrong_with_it(tmp_path, settings, more, place):
    (tmp_path / "aetherflow.yaml").write_text(settings)
    flow = tmp_path / "flow.yaml"
    flow.write_text(FLOW % more)
    made = make_ledger(tmp_path / place)

    assert chosen_ledger(flow=str(flow), ledger=None, environ={}) == made.resolve()


def test_without_a_name_it_is_the_one_of_the_project_here(tmp_path, monkeypatch):
    (tmp_path / "aetherflow.yaml").write_text("settings: {state_root: kept}\n")
    made = make_ledger(tmp_path / "kept" / "ledger.sqlite")
    (tmp_path / "deep" / "below").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep" / "below")

    assert chosen_ledger(flow=None, ledger=None, environ={}) == made.resolve()
    assert chosen_ledger(flow=None, ledger=None, environ={"AETHERFLOW_STATE_ROOT": str(made.parent)}) == made.resolve()


def test_a_ledger_that_is_not_there_is_told_and_not_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for given in ({"ledger": None}, {"ledger": "missing.sqlite"}):
        with pytest.raises(InvalidInput) as caught:
            chosen_ledger(flow=None, environ={}, **given)
        assert caught.value.problem.code == "AF-NO-LEDGER"
    assert list(tmp_path.iterdir()) == []


def test_one_of_the_two_is_enough(ledger):
    with pytest.raises(InvalidInput, match="a flow and a ledger"):
        chosen_ledger(flow="flow.yaml", ledger=str(ledger), environ={})
