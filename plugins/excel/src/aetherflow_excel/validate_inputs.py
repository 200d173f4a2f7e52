"""What the step that checks a template takes and gives."""

from __future__ import annotations

from pydantic import Field

from aetherflow.kernel.api import ArtifactPath, StepInputs, StepOutputs


class ValidateTemplateInputs(StepInputs):
    """Which template must have which places."""

    template_path: ArtifactPath = Field(description="The template: .xlsx, .xlsm, .xltx or .xltm.")
    required_names: str | list[str] = Field(
        description="Defined names, or texts of cells: one, several, or several as JSON text."
    )
    sheet: str | None = Field(default=None, min_length=1, description="The sheet that texts are looked for on.")


class ValidateTemplateOutputs(StepOutputs):
    """What was found."""

    template_ok: bool = Field(description="True: where something is missing, the step fails.")
    found_named_ranges: dict[str, str] = Field(description="The defined names, each with its range.")
    found_anchor_cells: dict[str, str] = Field(description="The texts and cells, each with its cell.")
