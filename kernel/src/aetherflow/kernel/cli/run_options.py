"""The options that say which run of a flow is meant, and what a start of it is to do: those of `run` and of `plan`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import InvalidInput
from ..quick_dataclasses import dataclass
from .flow_file import given_flow

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from ..run.request import RunRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """The options as they were given."""

    flow: str | None = None
    flow_yaml: str | None = None
    run_id: str | None = None
    resume: str | None = None
    from_step: str | None = None
    accept_changes: bool = False
    flow_job: str | None = None
    scheduled_time: str | None = None
    param: tuple[str, ...] = ()

    @property
    def selecting(self) -> tuple[str, ...]:
        """Those that were given and say which run it is or what it does, as they are written."""
        given = {
            "--run-id": self.run_id is not None,
            "--resume": self.resume is not None,
            "--from": self.from_step is not None,
            "--accept-changes": self.accept_changes,
            "--flow-job": self.flow_job is not None,
            "--scheduled-time": self.scheduled_time is not None,
            "--param": bool(self.param),
        }
        return tuple(option for option, is_given in given.items() if is_given)

    def request(self, *, command: str, environ: Mapping[str, str]) -> tuple[Path, RunRequest]:
        """The flow's file, and what is asked of it.

        Args:
            command: the command, for messages.
            environ: the environment of the process.

        Raises:
            InvalidInput: options contradict each other, or name no flow or no run.
        """
        from ..run.request import RunRequest

        self._refuse_contradictions()
        resume = self.resume
        if self.flow is None and self.flow_yaml is None and resume is not None:
            from .run_file import flow_of_run

            file, resume = flow_of_run(resume, ledger=None, environ=environ)
        else:
            file = given_flow(self.flow, self.flow_yaml, command=command)
        request = RunRequest(
            run_id=resume or self.run_id,
            must_exist=resume is not None,
            only_job=self.flow_job,
            from_step=self.from_step,
            accept_changes=self.accept_changes,
            scheduled_time=self._scheduled_time(),
            parameters=_parameters(self.param),
        )
        return file, request

    def _scheduled_time(self) -> datetime | None:
        if self.scheduled_time is None:
            return None
        from .times import moment

        return moment(self.scheduled_time, option="--scheduled-time")

    def _refuse_contradictions(self) -> None:
        if self.resume is not None and self.run_id is not None:
            raise InvalidInput("--resume and --run-id both name a run", code="AF-USAGE", help="give one of them")
        if self.from_step is not None and self.run_id is None and self.resume is None:
            raise InvalidInput("--from needs a run to go on with", code="AF-USAGE", help="name it: --resume RUN")
        if self.from_step is not None and self.flow_job is not None:
            raise InvalidInput("--from and --flow-job exclude each other", code="AF-USAGE", help="give one of them")


def _parameters(given: tuple[str, ...]) -> dict[str, str]:
    values: dict[str, str] = {}
    for text in given:
        name, separator, value = text.partition("=")
        if not separator or not name:
            raise InvalidInput(f"--param {name!r} has no value", code="AF-USAGE", help="write it as --param name=value")
        if name in values:
            raise InvalidInput(f"parameter {name!r} was given twice", code="AF-USAGE", help="give it once")
        values[name] = value
    return values
