"""The outputs that a person gives for a step, checked against the flow and the plugins as far as they can be read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import AetherFlowError, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..check.preparation import Prepared
    from ..contracts.records import RunSummary, StepKey, StepRecord
    from ..resolve.redaction import Redactor
    from ..spec.models import Step


class OutputsCheck:
    """Checks outputs when the step is known; `notes` says what a person should know besides.

    Args:
        flow: the flow's file where it was named; else the one that the run was started with.
        given: the outputs; null where none were given.
        environ: the environment.
    """

    def __init__(self, *, flow: str | None, given: Mapping[str, Any] | None, environ: Mapping[str, str]) -> None:
        self._flow = flow
        self._given = given or {}
        self._environ = environ
        self.notes: list[str] = []

    def checked(self, summary: RunSummary, key: StepKey, record: StepRecord, items: int) -> bool:
        """Go on where nothing is wrong with the outputs; answers whether the step is one that is repeated.

        Args:
            summary: the run.
            key: the step.
            record: what is remembered of it.
            items: how many items it has at least, where it is meant with all of them.

        Raises:
            InvalidInput: the step type declares others, or they hold a secret.
        """
        prepared = self._prepared(summary)
        if prepared is None:
            from ..check.given_outputs import refuse_no_lists

            if items and (problems := tuple(refuse_no_lists(self._given, count=items))):
                raise InvalidInput.of(problems)
            return items > 0
        step = _step_of(prepared, key)
        is_repeated = items > 0 or (not key.item and step is not None and step.foreach is not None)
        with prepared.surroundings.index:
            self._check(prepared, key, record, items if is_repeated else None)
        return is_repeated

    def _prepared(self, summary: RunSummary) -> Prepared | None:
        from ..check.preparation import prepare_flow

        file = self._flow or summary.run.flow_file
        try:
            return prepare_flow(Path(file), environ=self._environ)
        except AetherFlowError as error:
            if self._flow is not None:
                raise
            self.notes.append(f"the outputs were not checked: {error.problem.message} (name the flow: --flow FLOW)")
            return None

    def _check(self, prepared: Prepared, key: StepKey, record: StepRecord, items: int | None) -> None:
        from ..check.contributions import Contributions
        from ..check.given_outputs import (
            check_given_lists,
            check_given_outputs,
            declared_outputs,
            wanted_outputs,
        )

        index, flow_index = prepared.surroundings.index, prepared.flow_index
        step = _step_of(prepared, key)
        if items is None:
            problems = tuple(check_given_outputs(index, record.step_type, step, self._given))
        else:
            problems = tuple(check_given_lists(index, record.step_type, step, self._given, count=items))
        if problems:
            raise InvalidInput.of(problems)
        refuse_secrets(self._given, prepared.surroundings.redactor)
        missing = wanted_outputs(flow_index, key.job_id, key.step_id) - set(self._given) if flow_index else frozenset()
        if missing:
            names = declared_outputs(Contributions(index), record.step_type, step)
            declared = f"; the step type declares {', '.join(sorted(names))}" if names else ""
            self.notes.append(
                f"its job refers to outputs that are missing now: {', '.join(sorted(missing))}{declared}"
                " (give them with --outputs FILE)"
            )


def refuse_secrets(outputs: Mapping[str, Any], redactor: Redactor) -> None:
    """The ledger keeps no secret.

    Raises:
        InvalidInput: the outputs hold one that is known.
    """
    if redactor.redact_value(dict(outputs)) != outputs:
        raise InvalidInput(
            "the outputs hold a secret, and the ledger keeps none", code="AF-OUTPUTS", help="leave it out"
        )


def _step_of(prepared: Prepared, key: StepKey) -> Step | None:
    if prepared.flow_index is None or key.job_id not in prepared.flow_index.jobs:
        return None
    job = prepared.flow_index.jobs[key.job_id]
    return job.step(key.step_id) if key.step_id in job.steps else None
