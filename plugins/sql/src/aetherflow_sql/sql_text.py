"""SQL in a flow: text whose values stand in another input."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

#: The check of a flow warns of templates in it: a value belongs under `params`.
SqlText = Annotated[str, Field(min_length=1, json_schema_extra={"x-aetherflow": {"values_in": "params"}})]
