"""`aetherflow locks`: who holds which lock, and the end of a hold that nobody will give back."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from ..contracts.spelling import did_you_mean
from ..contracts.tables import table
from ..errors import ExitCode, InvalidInput, OwnedByAnother
from .output import print_json, say
from .times import for_machines
from .which_ledger import chosen_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ..state.leases import LeaseStore, Lock

_COLUMNS = ("KEY", "TOKEN", "STANDING", "FLOW", "RUN", "JOB", "STEP", "OWNER")


def list_locks(*, flow: str | None, ledger: str | None, as_json: bool, environ: Mapping[str, str]) -> ExitCode:
    """List the locks that are held, or were and not given back."""
    from ..state.leases import open_leases_to_read

    with closing(open_leases_to_read(chosen_ledger(flow=flow, ledger=ledger, environ=environ))) as store:
        locks = store.held()
    if as_json:
        print_json([_as_json(lock) for lock in locks])
    elif locks:
        say(table(_COLUMNS, [_row(lock) for lock in locks]))
    else:
        say("no lock is held")
    return ExitCode.DONE


def release_lock(
    *,
    key: str,
    token: str | None,
    force: bool,
    flow: str | None,
    ledger: str | None,
    as_json: bool,
    environ: Mapping[str, str],
) -> ExitCode:
    """Release a lock whose holder is gone; from under one that may live only with --force."""
    wanted = _number(token)
    with _store(chosen_ledger(flow=flow, ledger=ledger, environ=environ)) as store:
        lock = _find(store.held(), key)
        if wanted is not None and lock.token != wanted:
            raise OwnedByAnother(
                f"the lock {lock.key!r} is held with token {lock.token}, not {wanted}: {_told_holder(lock)} has it now",
                code="AF-LOCK-HELD",
                help="look again: aetherflow locks list",
            )
        if lock.standing == "held" and not force:
            raise OwnedByAnother(
                f"the lock {lock.key!r} is held by {_told_holder(lock)}, which may be at work",
                code="AF-LOCK-HELD",
                help="stop that run; or release the lock all the same with --force, and the run loses it",
            )
        is_released = store.take_away(lock)
    if as_json:
        print_json({"released": is_released, **_as_json(lock)})
    else:
        say(f"released: {lock.key}" if is_released else f"{lock.key} was given back meanwhile")
    return ExitCode.DONE


@contextmanager
def _store(ledger: Path) -> Iterator[LeaseStore]:
    from ..state.leases import open_leases
    from ..state.ledger import open_ledger

    # The ledger says whether the file is one, and of which version.
    with closing(open_ledger(ledger)), closing(open_leases(ledger)) as store:
        yield store


def _number(token: str | None) -> int | None:
    if token is None:
        return None
    if not token.isascii() or not token.isdigit():
        raise InvalidInput(
            f"--token {token!r} is no number", code="AF-USAGE", help="give the token that `aetherflow locks list` shows"
        )
    return int(token)


def _find(locks: tuple[Lock, ...], key: str) -> Lock:
    # With its scope it is that one, without it the one that is held in any.
    named = [lock for lock in locks if lock.key == key] or [lock for lock in locks if _name(lock) == key]
    if len(named) == 1:
        return named[0]
    if named:
        keys = ", ".join(repr(lock.key) for lock in named)
        raise InvalidInput(
            f"{len(named)} locks are called {key!r}: {keys}",
            code="AF-LOCK-AMBIGUOUS",
            help=f"name the scope too: {named[0].key}",
        )
    mend = did_you_mean(key, [lock.key for lock in locks]) if locks else "no lock is held"
    raise InvalidInput(f"no lock {key!r} is held", code="AF-LOCK-UNKNOWN", help=mend)


def _name(lock: Lock) -> str:
    """The key without its scope."""
    return lock.key.partition(":")[2]


def _told_holder(lock: Lock) -> str:
    from ..run.leases import told_owner

    return f"{lock.holder} ({told_owner(lock)})"


def _row(lock: Lock) -> list[str]:
    from ..run.leases import told_owner

    holder = lock.holder
    ids = (holder.flow_id, holder.run_id, holder.job_id or "-", holder.step_id or "-")
    return [lock.key, str(lock.token), lock.standing, *ids, told_owner(lock)]


def _as_json(lock: Lock) -> dict[str, object]:
    return {
        "key": lock.key,
        "token": lock.token,
        "standing": lock.standing,
        "flow_id": lock.holder.flow_id,
        "run_id": lock.holder.run_id,
        "job_id": lock.holder.job_id or None,
        "step_id": lock.holder.step_id or None,
        "pid": lock.owner.pid,
        "host": lock.owner.host,
        "acquired_at": for_machines(lock.acquired_at),
        "expires_at": for_machines(lock.expires_at),
        "ttl_seconds": lock.ttl,
    }
