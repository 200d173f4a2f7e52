"""One owner a run, also where the lock's file is removed with the run that is forgotten."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

import pytest

from aetherflow.kernel.contracts.records import RunKey
from aetherflow.kernel.errors import OwnedByAnother
from aetherflow.kernel.state.ownership import forget_owner, lock_file, own_run

KEY = RunKey("flow", "run")


def test_owner_who_forgets_leaves_no_file(tmp_path):
    with own_run(tmp_path, KEY):
        forget_owner(tmp_path, KEY)
    assert not lock_file(tmp_path, KEY).exists()
    with own_run(tmp_path, KEY), pytest.raises(OwnedByAnother), own_run(tmp_path, KEY):
        pass


def test_no_two_own_a_run_while_its_lock_comes_and_goes(tmp_path):
    """Threads lock by descriptors of their own, as processes do."""
    owners, most, taken, failures = [], [0], [0], []

    def own():
        try:
            while taken[0] < 400:
                with suppress(OwnedByAnother), own_run(tmp_path, KEY):
                    owners.append(threading.get_ident())
                    most[0], taken[0] = max(most[0], len(owners)), taken[0] + 1
                    time.sleep(0.0002)
                    owners.remove(threading.get_ident())
                    # The last thing that an owner does.
                    forget_owner(tmp_path, KEY)
        except BaseException as error:  # noqa: BLE001 - told by the test
            failures.append(error)

    threads = [threading.Thread(target=own) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert most[0] == 1
