"""SQL in a flow: text whose values stand in another input."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

_IS_STATEMENT = r"^[^\x00]*[^\s;\x00][^\x00]*$"
#: The check of a flow warns of templates in it: a value belongs under `params`.
SqlText = Annotated[
    str,
    Field(
        min_length=1,
        json_schema_extra={
            "pattern": _IS_STATEMENT,
            "x-aetherflow": {"values_in": "params", "mend": "write a statement, without NUL characters"},
        },
    ),
]
