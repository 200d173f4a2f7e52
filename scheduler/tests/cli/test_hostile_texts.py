"""Whatever a stranger wrote into a file or the ledger: no text of it moves the cursor, and no command breaks."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings, strategies as st

from aetherflow.kernel.api import AetherFlowError, CommandContext
from aetherflow.scheduler.cli.explain import explain
from aetherflow.scheduler.cli.history import show_history
from aetherflow.scheduler.cli.list_items import list_items
from aetherflow.scheduler.cli.pause import pause
from aetherflow.scheduler.cli.upcoming import show_upcoming
from aetherflow.scheduler.cli.validate import validate
from aetherflow.scheduler.occurrences.opening import open_store

pytestmark = pytest.mark.unit

TEXTS = st.text(min_size=1, max_size=30) | st.sampled_from(
    ["\x1b[2J", "a\rb", "\u202eabc", "\x9b31m", "a\nb", "\x00", "--json", "../../x", "{{env.HOME}}", "\ud800"]
)
SCHEDULE = """\
version: 1
timezone: UTC
calendars: {{{calendar}: {{}}}}
items:
  - {{id: {item}, cron: "0 6 * * *", flow_yaml: flow.yaml, calendar: {calendar}}}
"""


def quoted(text):
    """A text in YAML's double quotes, escaped character by character."""
    return '"' + "".join(f"\\U{ord(letter):08x}" for letter in text) + '"'


class Told:
    """What commands said; each of them may refuse in its own words."""

    def __init__(self):
        self.texts = []
        self.context = CommandContext(write=self.texts.append, write_beside=self.texts.append)

    def by(self, command, *arguments, **options):
        try:
            command(self.context, *arguments, **options)
        except AetherFlowError as error:
            self.texts += [] if error.problems else ["no problem was told"]
        return self

    def has_only_printable_lines(self):
        return all(line.isprintable() for text in self.texts for line in text.split("\n"))


def history(told, file, items):
    return told.by(show_history, file, items, status=None, since=None, limit=None, output=None)


@settings(max_examples=60, deadline=None)
@given(item=TEXTS, calendar=TEXTS)
def test_id_of_a_file_is_refused_or_shown_on_one_line(item, calendar):
    with TemporaryDirectory() as folder:
        file = Path(folder, "schedule.yaml")
        file.write_text(SCHEDULE.format(item=quoted(item), calendar=quoted(calendar)), encoding="utf-8")
        told = Told()
        for command in (list_items, show_upcoming, explain):
            more = {
                list_items: {"watch": False},
                show_upcoming: {"items": [], "count": "3"},
                explain: {"item": item, "count": "3", "from_": None},
            }[command]
            told.by(command, str(file), **more)
        history(told, str(file), [item])
        told.by(pause, str(file), [item])
        assert told.has_only_printable_lines()


@settings(max_examples=60, deadline=None)
@given(item=TEXTS.filter(lambda text: text.isascii() or text.isprintable()))
def test_id_in_the_ledger_is_shown_on_one_line(item):
    with TemporaryDirectory() as folder:
        file = Path(folder, "schedule.yaml")
        file.write_text(SCHEDULE.format(item="a", calendar="b"), encoding="utf-8")
        store = open_store(Path(folder, ".aetherflow", "schedule"))
        store.trigger(item, datetime.now(UTC))
        store.close()
        told = history(Told(), str(file), [])
        assert len(told.texts[0].splitlines()) == 2
        assert told.has_only_printable_lines()


@settings(max_examples=30, deadline=None)
@given(name=st.text(st.characters(exclude_characters="/\0", exclude_categories=("Cs",)), min_size=1, max_size=40))
def test_name_of_a_file_is_shown_on_one_line(name):
    with TemporaryDirectory() as folder:
        told = Told().by(validate, [f"{folder}/missing/{name}"], None, github=False)
        assert told.texts
        assert told.texts[-1].startswith("INVALID: ")
        assert told.texts[-1].rstrip("\n").isprintable()
