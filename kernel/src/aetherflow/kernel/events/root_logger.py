"""What libraries and plugins say through `logging` goes into the log of the program, line by line."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

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
def root_logger_taken(log: LineLog, level: str) -> Iterator[None]:
    """Send what the root logger gets to `log`, and nowhere else, while the block lasts."""
    root, handler = logging.getLogger(), _ToLineLog(log)
    level_before, handlers_before = root.level, root.handlers[:]
    root.handlers[:] = [handler]
    # Libraries speak up at WARNING unless the user asked to hear more than INFO.
    root.setLevel("DEBUG" if level == "DEBUG" else max(logging.WARNING, logging.getLevelNamesMapping()[level]))
    try:
        yield
    finally:
        root.handlers[:] = handlers_before
        root.setLevel(level_before)
