"""`aetherflow-scheduler pause` and `resume`: items whose occurrences are skipped for a while."""

from __future__ import annotations

from datetime import UTC, datetime

from aetherflow.kernel.api import CommandContext

from .known_items import known_items
from .ledger import asking


def pause(context: CommandContext, file: str, items: list[str]) -> None:
    """Have the occurrences of items skipped, from now on; what runs goes on.

    Raises:
        InvalidInput: there is no schedule file, no item of a name, or the folder for state is another's.
        StoreFailed: the ledger can't be written.
    """
    _set(context, file, items, is_paused=True)


def resume(context: CommandContext, file: str, items: list[str]) -> None:
    """Have paused items run again, from now on.

    Raises:
        InvalidInput: there is no schedule file, no item of a name, or the folder for state is another's.
        StoreFailed: the ledger can't be written.
    """
    _set(context, file, items, is_paused=False)


def _set(context: CommandContext, file: str, items: list[str], *, is_paused: bool) -> None:
    known = known_items(context, file)
    names = known.named(items)
    with asking(known.state, known.file) as store:
        states = store.states()
        changed = [name for name in names if (name in states and states[name].is_paused) != is_paused]
        change = store.pause if is_paused else store.resume
        change(names, datetime.now(UTC))
    if context.as_json:
        told = [{"id": name, "paused": is_paused, "changed": name in changed} for name in names]
        context.say_json({"items": told})
        return
    done, before = ("paused", "was paused before") if is_paused else ("resumed", "was not paused")
    for name in names:
        context.say(f"{done}: {name}" if name in changed else f"{name} {before}")
