"""`aetherflow run --plan`: a run that does what was planned, or does not start."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from ..errors import AetherFlowError, InvalidInput
from ..quick_dataclasses import dataclass, replace
from .flow_file import given_flow

if TYPE_CHECKING:
    from ..check.preparation import Prepared
    from ..contracts.records import History, RunRecord
    from ..plan.decisions import Plan
    from ..run.request import RunRequest
    from .run_options import RunOptions

_MOST_CHANGES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRun:
    """A plan that was kept, and the name of its file."""

    name: str
    told: dict[str, Any]

    def flow_file(self, options: RunOptions) -> Path:
        """The flow: the one that was named, else the one that the plan names in or below the current folder.

        A plan comes from outside: what it says leads nowhere else.

        Raises:
            InvalidInput: two were named, or the plan's is somewhere else.
        """
        if options.flow is not None or options.flow_yaml is not None:
            return given_flow(options.flow, options.flow_yaml, command="run")
        named = PurePosixPath(self.told["flow"]["file"])
        here = Path.cwd()
        file = here / named
        is_inside = not named.is_absolute() and ".." not in named.parts and "\0" not in str(named)
        if not is_inside or not file.resolve().is_relative_to(here.resolve()) or not file.is_file():
            raise InvalidInput(
                f"the flow of {self.name} is not in the current folder or below it",
                code="AF-USAGE",
                help=f"name it: aetherflow run FLOW --plan {self.name}",
            )
        return Path(named)

    def request(self, options: RunOptions) -> RunRequest:
        """What the plan asks for.

        Raises:
            InvalidInput: something else was asked for besides.
        """
        from ..run.request import RunRequest

        if options.selecting:
            raise InvalidInput(
                f"--plan says itself what is to be done, and {', '.join(options.selecting)} was given too",
                code="AF-USAGE",
                help="leave that out, or make another plan with it: aetherflow plan FLOW … --out FILE",
            )
        asked = self.told["request"]
        # Plans of earlier versions don't say it.
        scheduled_time = asked.get("scheduled_time")
        return RunRequest(
            run_id=asked["run_id"],
            must_exist=asked["must_exist"],
            only_job=asked["only_job"],
            from_step=asked["from_step"],
            accept_changes=asked["accept_changes"],
            scheduled_time=None if scheduled_time is None else datetime.fromisoformat(scheduled_time),
            parameters=asked["parameters"],
        )

    def approved(self, prepared: Prepared, request: RunRequest) -> RunRequest:
        """The request, where nothing has changed since; once more it is looked at when the run is owned.

        Raises:
            AetherFlowError: something changed, or the run would not start.
        """
        from ..plan.changes import changes_between
        from ..run.foreseeing import foresee_run
        from ..run.start_description import describe_start

        changed = self._changed_surroundings(prepared)
        try:
            now = foresee_run(prepared, request).told
        except AetherFlowError:
            # Most likely because of what changed, which is the better thing to hear.
            self._refuse(changed)
            raise
        self._refuse(changes_between(self.told, now))

        def approve(history: History, record: RunRecord, plan: Plan) -> None:
            self._refuse(changes_between(self.told, describe_start(prepared, request, history, record, plan)))

        return replace(request, approve=approve)

    def _changed_surroundings(self, prepared: Prepared) -> list[str]:
        """What changed that is known also where the flow is wrong by now."""
        from ..plan.changes import changes_of_surroundings
        from ..plan.used_plugins import described
        from ..run.start_description import surroundings_of

        names = {plugin["name"] for plugin in self.told["plugins"]}
        index = prepared.surroundings.index
        plugins = [described(record) for record in index.plugins if record.is_ready and record.name in names]
        return list(changes_of_surroundings(self.told, surroundings_of(prepared, plugins)))

    def _refuse(self, changes: list[str]) -> None:
        if changes:
            listed = "".join(f"\n  {each}" for each in changes[:_MOST_CHANGES])
            more = f"\n  and {len(changes) - _MOST_CHANGES} more" if len(changes) > _MOST_CHANGES else ""
            raise InvalidInput(
                f"this is not what {self.name} was made for any more; what changed since:{listed}{more}",
                code="AF-PLAN-CHANGED",
                help="look at what would run now, and keep that: aetherflow plan FLOW … --out FILE",
            )
