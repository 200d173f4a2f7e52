"""Steps that steer a flow by what there is to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aetherflow.kernel.api import hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aetherflow.kernel.api import Step


@hookimpl
def aetherflow_steps() -> Iterable[type[Step[Any, Any]]]:
    """Contribute the steps of this plugin."""
    from .check_items import CheckItems
    from .with_lock import WithLock

    return (CheckItems, WithLock)
