"""A flow that is checked once, for whoever starts it often and wants to know before that a start would be refused."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

from ..check.preparation import prepare_flow, require_job, surroundings_of
from ..contracts.records import RunKey
from ..errors import InvalidInput
from ..quick_dataclasses import dataclass, field
from .claiming import settle_run_id
from .parameters import facts_of, refuse_secret_parameters, settle_parameters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from ..check.preparation import Surroundings
    from ..contracts.records import Json
    from ..errors import Problem
    from ..policy.project import Project
    from ..resolve.redaction import Redactor
    from ..spec.models import Flow


@dataclass(frozen=True, slots=True, kw_only=True)
class StartCheck:
    """A flow free of errors, and what its starts are checked against; asks as often as it is wanted."""

    #: The warnings of the flow and of its surroundings.
    warnings: tuple[Problem, ...]
    flow: Flow = field(repr=False)
    environment: Mapping[str, str] = field(repr=False)
    redactor: Redactor = field(repr=False)

    @property
    def flow_id(self) -> str:
        """The flow's id."""
        return self.flow.id

    def problems_with(
        self,
        parameters: Mapping[str, Json],
        *,
        run_id: str,
        scheduled_time: datetime,
        flow_job: str | None = None,
    ) -> tuple[Problem, ...]:
        """What would keep a new run from starting; empty where nothing does that is known before.

        Args:
            parameters: values of the parameters' types, or texts as `--param` takes them.
            run_id: of the run.
            scheduled_time: when it is meant to start, with an offset.
            flow_job: the one job that is to run.
        """

        def settle() -> None:
            facts = facts_of(self.flow, RunKey(self.flow.id, run_id), scheduled_time.timestamp(), scheduled_time)
            values = settle_parameters(self.flow, parameters, environment=self.environment, facts=facts)
            refuse_secret_parameters(self.flow, values, self.redactor)

        def find_job() -> None:
            if flow_job is not None:
                require_job(self.flow, flow_job)

        return tuple(_problems_of((lambda: _settle_id(run_id), find_job, settle)))


class StartChecks:
    """Checks of many flows: what those of one project share is looked at once. Close it when all are checked."""

    def __init__(self, *, environment: Mapping[str, str] | None = None) -> None:
        self._environment = dict(os.environ if environment is None else environment)
        self._known: dict[tuple[Path, str | None], Surroundings] = {}
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the code of local plugins."""
        self._open.close()

    def open(self, path: Path | str, *, profile: str | None = None, shown_as: str | None = None) -> StartCheck:
        """Read and check a flow as `aetherflow run --scheduled-time` does; no plugin is imported.

        Args:
            path: the flow's YAML file.
            profile: the runtime profile asked for.
            shown_as: the file's name in messages; as given by default.

        Raises:
            InvalidInput: the flow or its surroundings are wrong; holds all problems.
            RefusedByPolicy: the runtime profile refuses what it uses, or may not be chosen.
        """
        prepared = prepare_flow(
            Path(path),
            profile=profile,
            environ=self._environment,
            shown_as=shown_as,
            is_scheduled=True,
            surround=self._surroundings,
        )
        return StartCheck(
            warnings=prepared.warnings,
            flow=prepared.checked().flow,
            environment=prepared.surroundings.environment.values,
            redactor=prepared.surroundings.redactor,
        )

    def _surroundings(self, project: Project, *, profile: str | None, environ: Mapping[str, str]) -> Surroundings:
        asked = (project.folder, profile)
        if asked not in self._known:
            self._known[asked] = found = surroundings_of(project, profile=profile, environ=environ)
            self._open.enter_context(found.index)
        return self._known[asked]


def _settle_id(run_id: str) -> None:
    settle_run_id(run_id)


def _problems_of(checks: tuple[Callable[[], None], ...]) -> Iterator[Problem]:
    for check in checks:
        try:
            check()
        except InvalidInput as error:
            yield from error.problems
