"""What libraries and plugins say by themselves goes into the same log, line by line."""

from __future__ import annotations

import sys
import threading
import time
import warnings
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from ..plugins.boundary import asked_first

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    from .lines import LineLog


@contextmanager
def library_logs(log: LineLog, level: str) -> Iterator[None]:
    """Send what is said through `logging`, warnings and errors of threads to `log` while the block lasts.

    Most runs never import `logging`: it is taken over as soon as somebody does.
    """
    with ExitStack() as stack:
        take_over = _taking_over(log, level, stack)
        if "logging" in sys.modules:
            take_over()
        else:
            stack.enter_context(asked_first(_WaitingFor("logging", take_over)))
        showing_before, hook_before = warnings.showwarning, threading.excepthook
        warnings.showwarning, threading.excepthook = _tell_warning(log), _tell_of_thread(log)
        try:
            yield
        finally:
            warnings.showwarning, threading.excepthook = showing_before, hook_before


def _taking_over(log: LineLog, level: str, stack: ExitStack) -> Callable[[], None]:
    def take_over() -> None:
        from .root_logger import root_logger_taken

        stack.enter_context(root_logger_taken(log, level))

    return take_over


class _WaitingFor:
    """A finder that has the others find a module, and does something when it is loaded."""

    def __init__(self, name: str, then: Callable[[], None]) -> None:
        self._name = name
        self._then = then
        self._is_asking = False

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """What the others find."""
        if name != self._name or self._is_asking:
            return None
        from importlib.util import find_spec

        self._is_asking = True
        try:
            spec = find_spec(name)
        finally:
            self._is_asking = False
        if spec is not None and spec.loader is not None:
            self._follow(spec.loader)
        return spec

    def _follow(self, loader: Any) -> None:  # noqa: ANN401 - any loader
        load = loader.exec_module

        def load_and_go_on(module: ModuleType) -> None:
            load(module)
            self._then()

        loader.exec_module = load_and_go_on


def _tell_warning(log: LineLog) -> Callable[..., None]:
    def tell(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        _file: object = None,
        line: str | None = None,
    ) -> None:
        told = warnings.formatwarning(message, category, filename, lineno, line)
        log.write("WARNING", "log", time.time(), {"logger": "py.warnings", "message": told})

    return tell


def _tell_of_thread(log: LineLog) -> Callable[[threading.ExceptHookArgs], None]:
    def tell(arguments: threading.ExceptHookArgs) -> None:
        thread = arguments.thread.name if arguments.thread else "?"
        told = f"{arguments.exc_type.__name__}: {arguments.exc_value}"
        log.write("ERROR", "thread_error", time.time(), {"thread": thread, "error": told})

    return tell
