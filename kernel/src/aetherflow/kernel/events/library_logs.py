"""What libraries and plugins say through `logging` and `warnings` goes into the same log, line by line."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .lines import LineLog


class _ToLineLog(logging.Handler):
    def __init__(self, log: LineLog) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        values: dict[str, object] = {"logger": record.name, "message": _message_of(record)}
        if record.exc_info and record.exc_info[1] is not None:
            values["error"] = f"{type(record.exc_info[1]).__name__}: {record.exc_info[1]}"
        self._log.write(record.levelname if record.levelname in _KNOWN else "INFO", "log", record.created, values)


def _message_of(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - a library's malformed log call must not end what it logs about
        return str(record.msg)


_KNOWN = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


@contextmanager
def library_logs(log: LineLog, level: str) -> Iterator[None]:
    """Send the root logger, warnings and errors of threads to `log` while the block lasts."""
    root, handler = logging.getLogger(), _ToLineLog(log)
    level_before, hook_before, handlers_before = root.level, threading.excepthook, root.handlers[:]
    root.handlers[:] = [handler]
    # Libraries speak up at WARNING unless the user asked to hear more than INFO.
    root.setLevel("DEBUG" if level == "DEBUG" else max(logging.WARNING, logging.getLevelNamesMapping()[level]))
    logging.captureWarnings(capture=True)
    threading.excepthook = _tell_of_thread(log)
    try:
        yield
    finally:
        threading.excepthook = hook_before
        logging.captureWarnings(capture=False)
        root.handlers[:] = handlers_before
        root.setLevel(level_before)


def _tell_of_thread(log: LineLog) -> Callable[[threading.ExceptHookArgs], None]:
    def tell(arguments: threading.ExceptHookArgs) -> None:
        thread = arguments.thread.name if arguments.thread else "?"
        told = f"{arguments.exc_type.__name__}: {arguments.exc_value}"
        log.write("ERROR", "thread_error", time.time(), {"thread": thread, "error": told})

    return tell
