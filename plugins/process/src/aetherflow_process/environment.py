"""The environment that the program gets: exactly this, nothing else."""

from __future__ import annotations

from pathlib import Path

from aetherflow.kernel.api import StepContext

from .inputs import ExternalProcessInputs, as_text

#: Settings of the run, some of them secret, all of them meant for AetherFlow and not for its children.
SETTINGS_PREFIX = "AETHERFLOW_"


def child_environment(
    context: StepContext, inputs: ExternalProcessInputs, *, attempt: int, output_folder: Path | None
) -> dict[str, str]:
    """Put together the run's environment, the step's own `env`, and what the step tells the program."""
    inherited = context.environment if inputs.inherit_env else {}
    told = {
        "AETHERFLOW_FLOW_ID": context.flow_id,
        "AETHERFLOW_RUN_ID": context.run_id,
        "AETHERFLOW_ATTEMPT": str(attempt),
        "AETHERFLOW_IDEMPOTENCY_KEY": context.idempotency_key,
    }
    if output_folder is not None:
        told["AETHERFLOW_OUTPUT_DIR"] = str(output_folder)
    passed_on = {key: value for key, value in inherited.items() if not key.startswith(SETTINGS_PREFIX)}
    return passed_on | {key: as_text(value) for key, value in inputs.env.items()} | told
