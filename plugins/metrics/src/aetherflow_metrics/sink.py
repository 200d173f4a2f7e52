"""The object METRICS of a module that somebody named: found once, called for as long as the run lasts."""

from __future__ import annotations

import inspect
import logging
from importlib import import_module
from typing import TYPE_CHECKING

from aetherflow.kernel.api import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_CODE = "AF-METRICS-MODULE"
_LOG = logging.getLogger("aetherflow_metrics")


def open_sink(module: str) -> Sink:
    """Import the module and take its METRICS.

    Raises:
        InvalidInput: it can't be imported, or has none.
    """
    try:
        metrics = getattr(import_module(module), "METRICS", None)
    except (Exception, SystemExit) as error:
        raise InvalidInput(
            f"the metrics module {module!r} can't be imported: {_told(error)}",
            code=_CODE,
            help="mend it or AETHERFLOW_METRICS_MODULE; the folder of the module must be on PYTHONPATH, or installed",
        ) from error
    if metrics is None:
        raise InvalidInput(
            f"the metrics module {module!r} has no METRICS",
            code=_CODE,
            help="give it an object METRICS with the callbacks that you want, such as on_run_end",
        )
    return Sink(metrics, module)


class Sink:
    """Calls what METRICS has; what it has not is left out, and what it raises ends nothing."""

    def __init__(self, metrics: object, module: str) -> None:
        self._metrics = metrics
        self._module = module
        self._failed: set[str] = set()

    def call(self, name: str, arguments: Mapping[str, object]) -> None:
        """Call one callback by keywords, with those of the arguments that it takes."""
        try:
            callback = getattr(self._metrics, name, None)
            if callback is not None:
                callback(**_taken(callback, arguments))
        except Exception as error:  # noqa: BLE001 - the module is foreign code: one callback must not silence the others
            self._tell_once(name, error)

    def _tell_once(self, name: str, error: Exception) -> None:
        if name not in self._failed:
            self._failed.add(name)
            _LOG.error("%s of METRICS in %s failed: %s (it is told once)", name, self._module, _told(error))


def _taken(callback: Callable[..., object], arguments: Mapping[str, object]) -> Mapping[str, object]:
    """The arguments that a callback has a name for; all of them where it takes any, or can't be asked."""
    try:
        parameters = inspect.signature(callback).parameters
    except (TypeError, ValueError):
        return arguments
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return arguments
    return {name: value for name, value in arguments.items() if name in parameters}


def _told(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
