"""`aetherflow run`: a flow from its file to its end, with logs or a live table, and a result."""

from __future__ import annotations

import gc
import os
import sys
from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from ..errors import ExitCode, InvalidInput, Problem
from .output import is_terminal, output_kept_for_the_answer, print_json, print_problems, say
from .streams import drop_stream, flush_streams

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ..check.preparation import Prepared
    from ..events.bus import EventBus
    from ..events.lines import LineLog
    from ..run.request import RunRequest, RunResult
    from .planned_run import PlannedRun


#: Python's own 700 has it look for garbage after every few steps.
_OBJECTS_BETWEEN_COLLECTIONS = 20_000
_MOST_JOBS_TOLD = 12


def run(
    *,
    plan: str | None,
    profile: str | None,
    param: list[str] | None,
    as_json: bool,
    environ: Mapping[str, str],
    **options: Any,  # noqa: ANN401 - those of `RunOptions`
) -> ExitCode:
    """Run a flow; started again with the same run id, it goes on where it stopped."""
    from .run_options import RunOptions

    given = RunOptions(**options, param=tuple(param or ()))
    if plan is None:
        file, request = given.request(command="run", environ=environ)
        return start_run(file, request, profile=profile, as_json=as_json, environ=environ)
    from .plan_file import read_plan_file
    from .planned_run import PlannedRun

    planned = PlannedRun(name=plan, told=read_plan_file(plan))
    request, file = planned.request(given), planned.flow_file(given)
    return start_run(file, request, profile=profile, as_json=as_json, environ=environ, planned=planned)


def retry(
    *,
    run: str,
    flow: str | None,
    ledger: str | None,
    profile: str | None,
    as_json: bool,
    environ: Mapping[str, str],
) -> ExitCode:
    """Take up what failed or was blocked in a run."""
    from pathlib import Path

    from ..run.request import RunRequest
    from .run_file import flow_of_run

    if flow is not None and ledger is not None:
        raise InvalidInput("a flow and a ledger were given", code="AF-USAGE", help="give --flow or --ledger, not both")
    if flow is None:
        file, run_id = flow_of_run(run, ledger=ledger, environ=environ)
    else:
        file, run_id = Path(flow), run.rpartition("/")[2]
    request = RunRequest(run_id=run_id, must_exist=True, only_failed=True)
    return start_run(file, request, profile=profile, as_json=as_json, environ=environ)


def start_run(
    file: Path,
    request: RunRequest,
    *,
    profile: str | None,
    as_json: bool,
    environ: Mapping[str, str],
    planned: PlannedRun | None = None,
) -> ExitCode:
    """Check a flow, run it where it is as it was planned, and tell of it; answers how the process is to end."""
    from ..check.preparation import prepare_flow
    from ..run.crew import note_left_behind
    from .pydantic_alone import pydantic_alone

    with pydantic_alone():
        from ..run.flow import run_prepared
    with ExitStack() as stack:
        stack.enter_context(output_kept_for_the_answer())
        prepared = prepare_flow(file, profile=profile, environ=environ, is_scheduled=request.is_scheduled)
        stack.enter_context(prepared.surroundings.index)
        if not as_json:
            print_problems(prepared.warnings, prepared)
        if planned is not None:
            request = planned.approved(prepared, request)
        prepared.checked()
        gc.freeze()
        gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
        gc.enable()
        result = run_prepared(prepared, request, _bus(prepared, stack))
    try:
        _tell_result(result, prepared, as_json=as_json)
    except BrokenPipeError:
        # Whoever went away still hears of it by the exit code.
        drop_stream("stdout")
    except OSError as error:
        # A full disk, or a terminal that was closed: the exit code is the run's all the same.
        drop_stream("stdout")
        print_problems((_unwritten(error, result),), prepared)
    except BaseException as error:
        if result.has_left_behind:
            note_left_behind(error)
        raise
    if result.has_left_behind:
        # Threads of the step that was left behind would keep Python from leaving.
        flush_streams(has_left_behind=True)
        os._exit(int(result.exit_code))
    return result.exit_code


def _bus(prepared: Prepared, stack: ExitStack) -> EventBus:
    """A table for whoever watches a terminal, else a log on standard error."""
    from ..events.bus import EventBus, Sink
    from ..events.library_logs import library_logs
    from ..events.lines import LineLog

    surroundings = prepared.surroundings
    settings, redactor = surroundings.settings, surroundings.redactor
    as_json = settings.log_format == "json"
    log = LineLog(sys.stderr, redactor=redactor, level=settings.log_level, as_json=as_json)
    stack.enter_context(library_logs(log, settings.log_level))
    sink: Sink = log
    if is_terminal() and not as_json and prepared.flow_index is not None:
        from ..events.table import JobTable

        flow = prepared.flow_index.flow
        jobs = [(job.id, len(job.steps)) for job in (*flow.jobs, *flow.on_failure, *flow.finally_)]
        on_failure = frozenset(job.id for job in flow.on_failure)
        sink = JobTable(jobs, on_failure, sys.stderr, redactor, settings.log_level)
    bus = EventBus([sink], on_failure=lambda failed, error: _tell_failure(log, failed, error))
    stack.callback(bus.close)
    return bus


def _tell_failure(log: LineLog, failed: object, error: Exception) -> None:
    import time

    values = {"observer": type(failed).__name__, "error": f"{type(error).__name__}: {error}"}
    log.write("ERROR", "observer_failed", time.time(), values)


def _tell_result(result: RunResult, prepared: Prepared, *, as_json: bool) -> None:
    if as_json:
        from ..check.report import problem_as_json
        from ..run.flow import job_as_json

        told = {
            "flow_id": result.flow_id,
            "run_id": result.run_id,
            "status": result.status.value,
            "exit_code": int(result.exit_code),
            "duration_ms": result.duration_ms,
            "jobs": [{**job_as_json(job), "outputs": dict(job.outputs)} for job in result.jobs],
            "warnings": [problem_as_json(warning) for warning in prepared.warnings],
        }
        # A caller in this process gets outputs as they are; a caller that reads text gets no secret.
        print_json(prepared.surroundings.redactor.redact_value(told))
        return
    seconds = result.duration_ms / 1000
    say(f"{result.status}: flow {result.flow_id}, run {result.run_id}, {seconds:.1f} s ({_jobs_told(result)})")


def _unwritten(error: OSError, result: RunResult) -> Problem:
    return Problem(
        code="AF-SYSTEM",
        severity="warning",
        message=f"the run ended {result.status}, and its answer can't be written: {error.strerror or error}",
        help=f"`aetherflow runs show {result.flow_id}/{result.run_id}` tells how it ended",
    )


def _jobs_told(result: RunResult) -> str:
    """How the jobs ended: each of them, or where they are many how many of each kind."""
    if len(result.jobs) <= _MOST_JOBS_TOLD:
        return ", ".join(f"{job.job_id} {job.status}" for job in result.jobs) or "no jobs"
    counts = Counter(job.status.value for job in result.jobs)
    return f"{len(result.jobs):,} jobs: " + ", ".join(f"{count:,} {status}" for status, count in counts.items())
