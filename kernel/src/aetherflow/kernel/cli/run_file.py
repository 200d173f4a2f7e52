"""The flow that a run belongs to, for commands that name the run alone."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InvalidInput
from .which_ledger import chosen_ledger

if TYPE_CHECKING:
    from collections.abc import Mapping


def flow_of_run(name: str, *, ledger: str | None, environ: Mapping[str, str]) -> tuple[Path, str]:
    """The file that a run was started from, and the run's id.

    Args:
        name: `RUN_ID`, or `FLOW_ID/RUN_ID`.
        ledger: the ledger's file; null for that of the project here.
        environ: the environment of the process.

    Raises:
        InvalidInput: there is no such run, flows share its id, or the flow's file is gone.
    """
    from ..history.remembered import find_run
    from ..state.ledger import open_ledger

    with closing(open_ledger(chosen_ledger(flow=None, ledger=ledger, environ=environ), to_read=True)) as store:
        summary = find_run(store, name)
        record = store.history(summary.key).run
    file = Path(record.flow_file if record else "")
    if not file.is_file():
        raise InvalidInput(
            f"the flow of run {name!r} is not at {file} any more",
            code="AF-FILE-MISSING",
            help="name it: aetherflow run FLOW --resume RUN, or aetherflow retry RUN --flow FLOW",
        )
    return file, summary.key.run_id
