"""The commands of the program, as data; what does one is imported when it is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aetherflow.kernel.api import CommandContext, CommandParameter, PluginCommand


def _home(module: str, name: str) -> Callable[..., int | None]:
    """The function of a module of this package, imported when it is called."""

    def run(context: CommandContext, **values: Any) -> int | None:  # noqa: ANN401 - as the line was read
        from importlib import import_module

        code: int | None = getattr(import_module(f".{module}", __package__), name)(context, **values)
        return code

    return run


def _option(name: str, help: str, metavar: str) -> CommandParameter:  # noqa: A002 - as it is called there
    return CommandParameter(name=name, kind="text", help=help, metavar=metavar)


def _flag(name: str, help: str) -> CommandParameter:  # noqa: A002 - as it is called there
    return CommandParameter(name=name, kind="flag", help=help)


FILE = CommandParameter(name="file", kind="argument", help="The schedule file.", metavar="FILE", is_required=True)
ITEM = CommandParameter(name="item", kind="argument", help="The item's id.", metavar="ITEM", is_required=True)
ITEMS = CommandParameter(name="items", kind="arguments", help="The ids of items; by default all.", metavar="ITEM")
NAMED_ITEMS = CommandParameter(
    name="items", kind="arguments", help="The ids of items.", metavar="ITEM", is_required=True
)
PROFILE = _option(
    "profile", "The runtime profile of items that name none; it may only narrow the one in force.", "NAME"
)
DRAIN = _option("drain", "How long runs may go on after SIGTERM before they are ended; 30 by default.", "SECONDS")
COUNT = _option("count", "How many; 20 by default.", "NUMBER")

COMMANDS = (
    PluginCommand(
        name="run",
        summary="Run what is due, until a signal says to stop; several may do so at once.",
        run=_home("run", "run"),
        parameters=(
            FILE,
            DRAIN,
            PROFILE,
        ),
    ),
    PluginCommand(
        name="tick",
        summary="Run what is due now to its end, and that is all: for cron and for Kubernetes.",
        run=_home("tick", "tick"),
        parameters=(
            FILE,
            _option("timeout", "After so long it stops, as after SIGTERM; by default it waits.", "SECONDS"),
            DRAIN,
            PROFILE,
        ),
    ),
    PluginCommand(
        name="validate",
        summary="Check schedule files and the flows that they name: nothing is run or made.",
        run=_home("validate", "validate"),
        parameters=(
            CommandParameter(name="files", kind="arguments", help="Schedule files.", metavar="FILE", is_required=True),
            PROFILE,
            _flag("github", "Say it as annotations of GitHub, on standard output."),
        ),
    ),
    PluginCommand(
        name="list",
        summary="List the items: their times, how the last occurrence ended, and when the next one is.",
        run=_home("list_items", "list_items"),
        parameters=(FILE, _flag("watch", "Show a timeline that follows what happens, until Ctrl-C.")),
    ),
    PluginCommand(
        name="next",
        summary="Show the next occurrences of all items, in the order of time.",
        run=_home("upcoming", "show_upcoming"),
        parameters=(FILE, ITEMS, COUNT),
    ),
    PluginCommand(
        name="history",
        summary="Show what ran, was skipped or missed, and why; the newest first.",
        run=_home("history", "show_history"),
        parameters=(
            FILE,
            ITEMS,
            _option("status", "Only occurrences that stand so: failed, missed, waiting and so on.", "STATUS"),
            _option("since", "Only those from then on: a date, a time, or a span such as 12h or 30d.", "WHEN"),
            _option("limit", "How many; 20 by default.", "NUMBER"),
            _option("output", "Print what the run of this id has said.", "RUN_ID"),
        ),
    ),
    PluginCommand(
        name="backfill",
        summary="Have times of the past run that were not; a scheduler does it.",
        run=_home("backfill", "backfill"),
        parameters=(
            FILE,
            ITEM,
            CommandParameter(
                name="from_", kind="text", help="The first day, or a time.", metavar="DATE", is_required=True
            ),
            CommandParameter(name="to", kind="text", help="The last day, or a time.", metavar="DATE", is_required=True),
            _option("parallel", "How many of them may run at once; 1 by default.", "NUMBER"),
            _flag("again", "Also those that failed."),
            _flag("dry_run", "Say which they are, and do nothing."),
        ),
    ),
    PluginCommand(
        name="pause",
        summary="Have the occurrences of items skipped, from now on.",
        run=_home("pause", "pause"),
        parameters=(FILE, NAMED_ITEMS),
    ),
    PluginCommand(
        name="resume",
        summary="Have paused items run again, from now on.",
        run=_home("pause", "resume"),
        parameters=(FILE, NAMED_ITEMS),
    ),
    PluginCommand(
        name="trigger",
        summary="Have an item run once, now; a scheduler does it.",
        run=_home("trigger", "trigger"),
        parameters=(FILE, ITEM),
    ),
    PluginCommand(
        name="explain",
        summary="Show the next occurrences of an item, with jumps of the clock and days that are left out.",
        run=_home("explain", "explain"),
        parameters=(FILE, ITEM, COUNT, _option("from_", "From this day or time on; now by default.", "DATE")),
    ),
    PluginCommand(
        name="status",
        summary="Say which schedulers live and what they run; the exit code is 0 where one lives.",
        run=_home("status", "show_status"),
        parameters=(FILE,),
    ),
)
