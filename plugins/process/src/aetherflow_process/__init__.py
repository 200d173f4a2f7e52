"""External processes as steps of a flow: contributes `external.process`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aetherflow.kernel.api import hookimpl

if TYPE_CHECKING:
    from .external_process import ExternalProcess


@hookimpl
def aetherflow_steps() -> list[type[ExternalProcess]]:
    """Contribute the one step."""
    from .external_process import ExternalProcess

    return [ExternalProcess]
