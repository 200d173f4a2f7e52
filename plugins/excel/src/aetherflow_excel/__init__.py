"""Workbooks: templates filled without losing anything, new ones written, tables read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aetherflow.kernel.api import hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aetherflow.kernel.api import PluginCommand, Step


@hookimpl
def aetherflow_steps() -> Iterable[type[Step[Any, Any]]]:
    """Contribute the steps of this plugin."""
    from .fill_from_file_step import ExcelFillFromFile
    from .fill_small_step import ExcelFillSmall
    from .read_step import ExcelRead
    from .validate_step import ExcelValidateTemplate
    from .write_step import ExcelWrite

    return (ExcelFillFromFile, ExcelFillSmall, ExcelRead, ExcelValidateTemplate, ExcelWrite)


@hookimpl
def aetherflow_commands() -> Iterable[PluginCommand]:
    """Contribute the command of this plugin."""
    from .inspect_command import EXCEL

    return (EXCEL,)
