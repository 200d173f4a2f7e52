"""Turns what pydantic says of a model into sentences without values."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import ValidationError


def problems_of_model(error: ValidationError) -> Iterator[str]:
    """One sentence for each thing wrong, with its place and never with the value."""
    for found in error.errors(include_url=False, include_context=False, include_input=False):
        place = ".".join(map(str, found["loc"]))
        told = found["msg"].removeprefix("Value error, ")
        told = f"{told[:1].lower()}{told[1:]}"
        yield f"{place}: {told}" if place else told
