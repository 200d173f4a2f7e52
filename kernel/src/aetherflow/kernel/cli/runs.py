"""`aetherflow runs`: which runs there were, what became of one, and what it said."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import TYPE_CHECKING

from ..contracts.events import Status
from ..contracts.spelling import did_you_mean
from ..errors import ExitCode, InvalidInput
from .output import print_json, redactor_of, say
from .which_ledger import chosen_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ..contracts.records import RunSummary
    from ..contracts.stores import StateStore

_DEFAULT_LIMIT = 20
_PAGE = 200


def list_runs(
    *,
    flow_id: str | None,
    status: str | None,
    limit: str | None,
    flow: str | None,
    ledger: str | None,
    as_json: bool,
    environ: Mapping[str, str],
) -> ExitCode:
    """List the runs that a ledger remembers, newest first."""
    from ..contracts.tables import table
    from ..state.companions import owners_folder
    from ..state.ledger import open_ledger
    from .run_display import COLUMNS, NUMBERS, listed, row
    from .times import whole_number

    most = _DEFAULT_LIMIT if limit is None else whole_number(limit, option="--limit", least=1)
    wanted = None if status is None else _status(status)
    file = chosen_ledger(flow=flow, ledger=ledger, environ=environ)
    with closing(open_ledger(file, to_read=True)) as store:
        found = list(_wanted(store, owners_folder(file), flow_id=flow_id, status=wanted, most=most))
    told = [listed(summary, now) for summary, now in found]
    if as_json:
        print_json(redactor_of(environ).redact_value(told))
        return ExitCode.DONE
    rows = [row(each, summary.run.started_at) for each, (summary, _) in zip(told, found, strict=True)]
    say(redactor_of(environ).redact(table(COLUMNS, rows, numbers=NUMBERS)) if rows else "no runs")
    return ExitCode.DONE


def show_run(
    *,
    run: str,
    start: str | None,
    flow: str | None,
    ledger: str | None,
    as_json: bool,
    environ: Mapping[str, str],
) -> ExitCode:
    """Show what a ledger remembers of a run, as a tree."""
    from ..history.remembered import recall
    from ..state.ledger import open_ledger
    from .run_display import shown, tree
    from .times import whole_number

    number = None if start is None else whole_number(start, option="--start", least=1)
    file = chosen_ledger(flow=flow, ledger=ledger, environ=environ)
    with closing(open_ledger(file, to_read=True)) as store:
        told = shown(recall(store, run, ledger=file, start=number))
    told = redactor_of(environ).redact_value(told)
    if as_json:
        print_json(told)
    else:
        say("\n".join(tree(told)))
    return ExitCode.DONE


def show_logs(*, run: str, flow: str | None, ledger: str | None, as_json: bool, environ: Mapping[str, str]) -> ExitCode:
    """Show what a run did and said, in the order of time."""
    from ..events.lines import LineLog
    from ..state.ledger import open_ledger
    from .run_lines import lines_of

    file = chosen_ledger(flow=flow, ledger=ledger, environ=environ)
    with closing(open_ledger(file, to_read=True)) as store:
        lines = lines_of(store, run, ledger=file)
    log = LineLog(sys.stdout, redactor=redactor_of(environ), level="DEBUG", as_json=as_json)
    for line in lines:
        log.write(line.level, line.event, line.at, line.values)
    return ExitCode.DONE


def _wanted(
    store: StateStore, owners: Path, *, flow_id: str | None, status: Status | None, most: int
) -> Iterator[tuple[RunSummary, Status]]:
    from ..state.liveness import status_now

    # A run that is RUNNING in the ledger may be INTERRUPTED by now.
    noted = {status, Status.RUNNING} if status is Status.INTERRUPTED else {status}
    statuses = tuple(sorted(each for each in noted if each is not None))
    offset, count = 0, 0
    while count < most:
        page = store.runs(flow_id=flow_id, statuses=statuses, limit=_PAGE if statuses else most, offset=offset)
        for summary in page:
            now = status_now(summary, owners)
            if status in {None, now} and count < most:
                count += 1
                yield summary, now
        offset += len(page)
        if len(page) < _PAGE:
            return


def _status(text: str) -> Status:
    known = [status.value for status in Status]
    if text.upper() in known:
        return Status(text.upper())
    raise InvalidInput(f"there is no status {text!r}", code="AF-USAGE", help=did_you_mean(text, known))
