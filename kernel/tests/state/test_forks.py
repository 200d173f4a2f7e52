"""A SQLite connection does not cross a fork (R25)."""

from __future__ import annotations

import os
import threading
import warnings

from aetherflow.kernel.contracts.records import RunKey
from aetherflow.kernel.errors import LedgerFailed
from aetherflow.kernel.state.ledger import open_ledger


def in_child(work) -> int:
    with warnings.catch_warnings():
        # Python warns of forks where there are threads, which is what is tried here.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            os._exit(work())
        except BaseException:  # noqa: BLE001 - the child must not go on with the tests
            os._exit(99)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_ledger_can_not_be_used_in_a_child_and_goes_on_in_the_parent(tmp_path):
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    key = RunKey("flow", "run")

    def read() -> int:
        try:
            ledger.history(key)
        except LedgerFailed as error:
            return 7 if "forked" in str(error) else 8
        return 0

    def write() -> int:
        try:
            with ledger.transaction():
                return 0
        except LedgerFailed:
            return 7

    assert [in_child(read), in_child(write)] == [7, 7]
    assert ledger.history(key).run is None
    with ledger.transaction():
        pass
    ledger.close()


def test_a_child_does_not_wait_for_a_lock_that_a_thread_of_its_parent_holds(tmp_path):
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with ledger.transaction():
            inside.set()
            leave.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    inside.wait()

    def close() -> int:
        try:
            ledger.close()
        except LedgerFailed:
            return 7
        return 0

    assert in_child(close) == 7
    leave.set()
    thread.join()
    ledger.close()
