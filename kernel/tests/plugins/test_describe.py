"""Manifests made from code."""

from __future__ import annotations

import json
from typing import Annotated

from pydantic import Field

from aetherflow.kernel.contracts.secrets import Secret
from aetherflow.kernel.contracts.steps import (
    ArtifactPath,
    OutputsFromKeys,
    Rerun,
    Step,
    StepInputs,
    StepOutputs,
)
from aetherflow.kernel.plugins.describe import describe_plugin, drift, manifest_text, without_keys
from aetherflow.kernel.plugins.manifest import parse_manifest
from aetherflow.kernel.plugins.records import LoadedPlugin


class Inputs(StepInputs):
    path: ArtifactPath = Field(description="What to read.")
    title: Annotated[str, Field(pattern="^a")] = "a"
    token: Secret | None = None


class Outputs(StepOutputs):
    rows: int


class Base(Step[Inputs, Outputs]):
    """Not this one."""

    name = "acme.base"


class Count(Base):
    name = "acme.count"
    rerun = Rerun.SAFE
    outputs_from = OutputsFromKeys("outputs")

    def run(self, context, inputs):
        return Outputs(rows=1)


def _described():
    loaded = LoadedPlugin(steps={"acme.count": Count}, connectors={}, hooks=("aetherflow_steps",), summary="Acme.")
    return describe_plugin("acme", loaded, retired=["acme.z", "acme.b"])


def test_a_plugin_is_described_as_it_is():
    made = _described()
    (step,) = made["steps"]
    assert step["target"] == f"{__name__}:Count"
    assert step["summary"] == ""
    assert step["rerun"] == "SAFE"
    assert step["outputs_from"] == {"keys_of": "inputs.outputs"}
    assert made["retired"] == ["acme.b", "acme.z"]
    assert step["inputs"]["properties"]["path"]["x-aetherflow"] == {"path": "read"}
    assert "x-aetherflow" in json.dumps(step["inputs"]["properties"]["token"])


def test_titles_made_by_pydantic_are_left_out_but_a_field_called_title_stays():
    (step,) = _described()["steps"]
    assert step["inputs"]["properties"]["title"] == {"default": "a", "pattern": "^a", "type": "string"}


def test_what_is_described_can_be_read_again():
    made = json.loads(manifest_text(_described()))
    assert parse_manifest(made, anchor=__name__).steps[0].rerun is Rerun.SAFE


def test_what_differs_between_releases_of_pydantic_is_no_drift():
    made, other = _described(), _described()
    other["steps"][0]["inputs"]["title"] = "Inputs"
    other["steps"][0]["inputs"]["properties"]["title"]["pattern"] = "^[a]"
    other["steps"][0] = dict(reversed(other["steps"][0].items()))
    assert drift(made, other) == []


def test_every_difference_that_counts_is_told_with_its_place():
    made, other = _described(), _described()
    other["steps"][0]["effects"] = ["network"]
    other["steps"][0]["inputs"]["required"] = []
    del other["steps"][0]["inputs"]["properties"]["token"]
    assert drift(other, made) == [
        "steps.acme.count.effects: differs",
        "steps.acme.count.inputs.properties.token: is missing in the manifest",
        "steps.acme.count.inputs.required: differs",
    ]


def test_values_that_look_like_keywords_are_kept():
    schema = {"title": "x", "default": {"title": 1}, "enum": ["title"], "properties": {"title": {"title": "y"}}}
    assert without_keys(schema, {"title"}) == {
        "default": {"title": 1},
        "enum": ["title"],
        "properties": {"title": {}},
    }
