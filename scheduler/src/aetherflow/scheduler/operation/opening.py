"""A schedule file brought to where it can be worked on: read, its ledger opened, its runs ready to start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from aetherflow.kernel.api import InvalidInput

from ..occurrences.opening import open_store
from ..runs.command_line import KERNEL, Surroundings
from ..runs.launcher import Launcher
from ..runs.wake_up import WakeUp
from ..schedules.models import Schedule
from ..schedules.reading import read_schedule
from .belonging import take_state
from .patience import LEDGER_SECONDS
from .retention import Forgetting
from .scheduler import Scheduler
from .signals import Wishes, wishes_by_signals
from .systemd import Notifier
from .telling import EventLog, Teller

#: How long one look waits for others who write to the ledger; after that the scheduler says so, and looks again.
BUSY_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A scheduler with what it works on."""

    file: Path
    scheduler: Scheduler
    launcher: Launcher
    forgetting: Forgetting
    teller: Teller
    notifier: Notifier
    wishes: Wishes
    wake_up: WakeUp

    def look(self, horizon: datetime | None = None) -> int:
        """Look once, and say that we live; answers how many runs were started."""
        started = self.scheduler.look(horizon)
        self.notifier.live()
        return started

    def sleep(self, most_seconds: float | None = None) -> None:
        """Sleep until something is due, a run ends, a signal comes, or it is time to look all the same."""
        seconds = min(self.scheduler.seconds_to_sleep, self.notifier.most_seconds)
        self.wake_up.sleep(seconds if most_seconds is None else min(seconds, most_seconds))


@contextmanager
def operating(
    file: Path,
    *,
    environment: Mapping[str, str],
    log: EventLog,
    profile: str | None = None,
    program: tuple[str, ...] = KERNEL,
    ledger_seconds: float = LEDGER_SECONDS,
    takes_broken_flows: bool = False,
) -> Iterator[Operation]:
    """Open all that a scheduler works on, and let go of it in the end; signals are wishes meanwhile.

    Args:
        file: the schedule file.
        environment: that runs are started with.
        log: takes what happens.
        profile: the runtime profile of items that name none.
        program: what is started for each run, before its arguments.
        ledger_seconds: how long a ledger is tried again that can't be used.
        takes_broken_flows: whether a schedule is worked on that is well but for its flows; its problems are theirs.

    Raises:
        InvalidInput: the schedule file can't be used, and holds all problems; or its folder for state is another's.
        StoreFailed: the ledger can't be read or written.
    """
    with ExitStack() as stack:
        wake_up = WakeUp()
        stack.callback(wake_up.close)
        wishes = stack.enter_context(wishes_by_signals(wake_up))
        schedule = _read(file, environment, profile, takes_broken_flows=takes_broken_flows)
        store = open_store(schedule.state, busy_seconds=BUSY_SECONDS)
        stack.callback(store.close)
        take_state(schedule.state, schedule.file)
        surroundings = Surroundings(
            folder=schedule.file.parent,
            state=schedule.state,
            environment=environment,
            profile=profile,
            program=program,
        )
        launcher = Launcher(surroundings, wake_up)
        teller = Teller(log)
        scheduler = Scheduler(schedule, store, launcher, teller, ledger_seconds=ledger_seconds)
        scheduler.begin()
        yield Operation(
            file=schedule.file,
            scheduler=scheduler,
            launcher=launcher,
            forgetting=Forgetting(schedule.state, store, teller),
            teller=teller,
            notifier=Notifier(environment),
            wishes=wishes,
            wake_up=wake_up,
        )


def _read(file: Path, environment: Mapping[str, str], profile: str | None, *, takes_broken_flows: bool) -> Schedule:
    try:
        return read_schedule(file, environment=environment, profile=profile)
    except InvalidInput as error:
        if not takes_broken_flows:
            raise
        schedule = read_schedule(file, environment=environment, profile=profile, checks_flows=False)
        return replace(schedule, problems=error.problems)
