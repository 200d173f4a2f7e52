"""Schedule files with one mistake each, and where it is told."""

from __future__ import annotations

from dataclasses import dataclass

#: What every item has that is not about one of these keys; the mistake stands below, at line 7.
ITEM = """\
version: 1
timezone: Europe/Berlin
items:
  - id: nightly
    cron: 0 6 * * *
    flow_yaml: flow.yaml
"""
#: The same, without the part that the mistake is about.
WITHOUT_TRIGGER = ITEM.replace("    cron: 0 6 * * *\n", "    overlap: skip\n")
WITHOUT_FLOW = ITEM.replace("    flow_yaml: flow.yaml\n", "    overlap: skip\n")
WITHOUT_ID = ITEM.replace("id: nightly", "overlap: skip")
#: What stands behind a mistake in the head of a file.
REST = """\
items:
  - {id: nightly, cron: 0 6 * * *, flow_yaml: flow.yaml}
"""


@dataclass(frozen=True)
class Mistake:
    """A file, and the one thing that is told of it."""

    name: str
    text: str
    code: str
    line: int
    column: int
    #: A part of the message or of its help.
    words: str


def in_item(name: str, lines: str, code: str, column: int, words: str, base: str = ITEM, line: int = 7) -> Mistake:
    text = base + "".join(f"    {each}\n" for each in lines.split("\n"))
    return Mistake(name, text, code, line, column, words)


def in_head(name: str, lines: str, code: str, line: int, column: int, words: str) -> Mistake:
    return Mistake(name, f"version: 1\ntimezone: Europe/Berlin\n{lines}\n{REST}", code, line, column, words)


LONG_ID = "a" * 44

MISTAKES = [
    # The file
    Mistake("no_mapping", "- 1\n", "AF-WRONG-TYPE", 1, 1, "this must be a mapping, not a list"),
    Mistake("empty", "", "AF-WRONG-TYPE", 1, 1, "a mapping with `timezone` and `items`"),
    Mistake("text_alone", "nightly\n", "AF-WRONG-TYPE", 1, 1, "this must be a mapping, not text"),
    Mistake("no_items", "version: 1\ntimezone: UTC\n", "AF-MISSING-KEY", 1, 1, "a schedule needs the key 'items'"),
    Mistake("no_zone", f"version: 1\n{REST}", "AF-SCHEDULE-ZONE", 1, 1, "no clock is taken for it in silence"),
    Mistake("empty_zone", f"timezone: ''\n{REST}", "AF-SCHEDULE-ZONE", 1, 11, "there is no time zone ''"),
    Mistake("null_zone", f"timezone:\n{REST}", "AF-WRONG-TYPE", 1, 10, "this must be text, not nothing"),
    Mistake("zone_as_number", f"timezone: 1\n{REST}", "AF-WRONG-TYPE", 1, 11, "this must be text"),
    Mistake("misspelt_zone", f"timezone: Europe/Berln\n{REST}", "AF-SCHEDULE-ZONE", 1, 11, "'Europe/Berlin'"),
    Mistake("summer", f"timezone: CEST\n{REST}", "AF-SCHEDULE-ZONE", 1, 11, "write the zone of a place"),
    Mistake("offset_of_zone", f"timezone: UTC+1\n{REST}", "AF-SCHEDULE-ZONE", 1, 11, "write the zone of a place"),
    Mistake("small_zone", f"timezone: utc\n{REST}", "AF-SCHEDULE-ZONE", 1, 11, "did you mean 'UTC'?"),
    Mistake("clock_of_machine", f"timezone: localtime\n{REST}", "AF-SCHEDULE-ZONE", 1, 11, "no time zone"),
    Mistake("leap_seconds", f"timezone: right/Europe/Berlin\n{REST}", "AF-SCHEDULE-ZONE", 1, 11, "no time zone"),
    Mistake("zone_leads_out", f"timezone: ../../etc/passwd\n{REST}", "AF-SCHEDULE-ZONE", 1, 11, "no time zone"),
    Mistake("folder_of_zones", f"timezone: Europe\n{REST}", "AF-SCHEDULE-ZONE", 1, 11, "no time zone 'Europe'"),
    Mistake(
        "other_version", f"version: 2\ntimezone: UTC\n{REST}", "AF-WRONG-VALUE", 1, 10, "no version 2 of schedules"
    ),
    Mistake("version_as_text", f"version: '1'\ntimezone: UTC\n{REST}", "AF-WRONG-TYPE", 1, 10, "a whole number"),
    Mistake("misspelt_key", f"timezon: UTC\n{REST}", "AF-UNKNOWN-KEY", 1, 1, "did you mean 'timezone'?"),
    Mistake("key_twice", f"timezone: UTC\ntimezone: UTC\n{REST}", "AF-YAML-DUPLICATE-KEY", 2, 1, "timezone"),
    Mistake("no_yaml", "timezone: [UTC\nitems: []\n", "AF-YAML-SYNTAX", 2, 6, ""),
    Mistake("items_as_mapping", "timezone: UTC\nitems: {a: 1}\n", "AF-WRONG-TYPE", 2, 8, "this must be a list"),
    Mistake("item_as_text", "timezone: UTC\nitems: [nightly]\n", "AF-WRONG-TYPE", 2, 9, "this must be a mapping"),
    # The blocks above the items
    in_head("state_as_text", "state: here", "AF-WRONG-TYPE", 3, 8, "this must be a mapping"),
    in_head("empty_state", "state: {path: ''}", "AF-SCHEDULE-PATH", 3, 15, "an empty path names nothing"),
    in_head("state_at_home", "state: {path: ~/state}", "AF-SCHEDULE-PATH", 3, 15, "'~' stands for nothing here"),
    in_head("no_runs", "limits: {max_runs: 0}", "AF-WRONG-VALUE", 3, 20, "write 1 or more"),
    in_head("too_many_runs", "limits: {max_runs: 1001}", "AF-WRONG-VALUE", 3, 20, "write 1000 or less"),
    in_head("pool_as_text", "limits: {pools: {warehouse: two}}", "AF-WRONG-TYPE", 3, 29, "a whole number"),
    in_head("name_of_a_pool", "limits: {pools: {ware house: 2}}", "AF-ID", 3, 18, "'ware house'"),
    in_head("misspelt_limit", "limits: {max_run: 2}", "AF-UNKNOWN-KEY", 3, 10, "did you mean 'max_runs'?"),
    in_head("negative_days", "retention: {history_days: -1}", "AF-WRONG-VALUE", 3, 27, "-1 is too small"),
    in_head("endless_days", "retention: {output_days: .inf}", "AF-WRONG-VALUE", 3, 26, "finite"),
    # Calendars
    in_head("weekday", "calendars:\n  office: {weekdays: [mon, tues]}", "AF-WRONG-VALUE", 4, 28, "did you mean 'tue'?"),
    in_head("no_weekday", "calendars:\n  office: {weekdays: []}", "AF-SCHEDULE-CALENDAR", 4, 22, "has no working day"),
    in_head("no_country", "calendars:\n  office: {holidays: {subdivision: BY}}", "AF-MISSING-KEY", 4, 12, "'country'"),
    in_head("country", "calendars:\n  office: {holidays: {country: XX}}", "AF-SCHEDULE-CALENDAR", 4, 32, "'XX'"),
    in_head(
        "subdivision",
        "calendars:\n  office: {holidays: {country: DE, subdivision: XY}}",
        "AF-SCHEDULE-CALENDAR",
        4,
        49,
        "'XY'",
    ),
    in_head("no_day", "calendars:\n  office: {closed: [2026-02-30]}", "AF-SCHEDULE-TIME", 4, 21, "no day 2026-02-30"),
    in_head("german_date", "calendars:\n  office: {closed: [24.12.2026]}", "AF-SCHEDULE-TIME", 4, 21, "is no date"),
    in_head("date_as_number", "calendars:\n  office: {open: [2026]}", "AF-WRONG-TYPE", 4, 19, "must be a date"),
    in_head("day_alone", "calendars:\n  office: {open: 2026-12-24}", "AF-WRONG-TYPE", 4, 18, "must be a list of dates"),
    in_head("far_day", "calendars:\n  office: {open: ['0001-01-01']}", "AF-SCHEDULE-TIME", 4, 19, "1970 to 2999"),
    in_head(
        "file_of_dates", "calendars:\n  office: {open: {fil: days.txt}}", "AF-UNKNOWN-KEY", 4, 19, "did you mean 'file'"
    ),
    in_head("holiday", "calendars:\n  office: {holiday: {country: DE}}", "AF-UNKNOWN-KEY", 4, 12, "'holidays'"),
    # What is broken there is there: items that name it are not told
    Mistake(
        "broken_calendar_that_is_used",
        f"{ITEM}    calendar: office\ncalendars: {{office: 5}}\n",
        "AF-WRONG-TYPE",
        8,
        21,
        "this must be a mapping",
    ),
    Mistake(
        "broken_pool_that_is_used",
        f"{ITEM}    pool: warehouse\nlimits: {{pools: {{warehouse: 0}}}}\n",
        "AF-WRONG-VALUE",
        8,
        29,
        "0 is too small",
    ),
    # Ids
    in_item("no_id", "jitter_seconds: 1", "AF-MISSING-KEY", 5, "an item needs the key 'id'", WITHOUT_ID, 4),
    in_item("id_with_space", "id: night ly", "AF-ID", 9, "'night_ly'", WITHOUT_ID),
    in_item("empty_id", "id: ''", "AF-ID", 9, "is empty", WITHOUT_ID),
    in_item("id_leads_out", "id: ../x", "AF-ID", 9, "holds '.'", WITHOUT_ID),
    in_item("id_with_dot", "id: night.ly", "AF-ID", 9, "holds '.'", WITHOUT_ID),
    in_item("id_as_number", "id: 7", "AF-WRONG-TYPE", 9, "write it in quotes", WITHOUT_ID),
    in_item("id_of_a_device", "id: con", "AF-ID", 9, "device", WITHOUT_ID),
    in_item("long_id", f"id: {LONG_ID}", "AF-SCHEDULE-ID", 9, "44 characters, at most 43", WITHOUT_ID),
    Mistake(
        "id_twice",
        ITEM + "  - {id: nightly, cron: 0 7 * * *, flow_yaml: flow.yaml}\n",
        "AF-SCHEDULE-DUPLICATE",
        7,
        10,
        "schedule.yaml:4:9",
    ),
    Mistake(
        "id_twice_but_for_capitals",
        ITEM + "  - {id: Nightly, cron: 0 7 * * *, flow_yaml: flow.yaml}\n",
        "AF-SCHEDULE-DUPLICATE",
        7,
        10,
        "capital and small letters count as the same",
    ),
    # Triggers
    in_item("no_trigger", "jitter_seconds: 1", "AF-SCHEDULE-TRIGGER", 5, "cron, interval or at", WITHOUT_TRIGGER, 4),
    in_item("two_triggers", "interval: 1h", "AF-SCHEDULE-TRIGGER", 5, "here is cron, too"),
    in_item("misspelt_trigger", "intervall: 1h", "AF-UNKNOWN-KEY", 5, "did you mean 'interval'?", WITHOUT_TRIGGER),
    in_item("four_fields", "cron: 0 6 * *", "AF-SCHEDULE-CRON", 11, "needs five: minute", WITHOUT_TRIGGER),
    in_item("six_fields", "cron: 0 0 6 * * *", "AF-SCHEDULE-CRON", 11, "needs five: minute", WITHOUT_TRIGGER),
    in_item("minute_60", "cron: 60 6 * * *", "AF-SCHEDULE-CRON", 11, "minute", WITHOUT_TRIGGER),
    in_item("weekday_8", "cron: 0 6 * * 8", "AF-SCHEDULE-CRON", 11, "day", WITHOUT_TRIGGER),
    in_item("day_never_comes", "cron: 0 6 30 2 *", "AF-SCHEDULE-CRON", 11, "never comes", WITHOUT_TRIGGER),
    in_item("nickname", "cron: '@dayly'", "AF-SCHEDULE-CRON", 11, "@daily", WITHOUT_TRIGGER),
    in_item("reboot", "cron: '@reboot'", "AF-SCHEDULE-CRON", 11, "@reboot", WITHOUT_TRIGGER),
    in_item("cron_as_number", "cron: 5", "AF-WRONG-TYPE", 11, "must be text", WITHOUT_TRIGGER),
    in_item("empty_cron", "cron: ''", "AF-SCHEDULE-CRON", 11, "needs five: minute", WITHOUT_TRIGGER),
    in_item("interval_without_unit", "interval: 900", "AF-SCHEDULE-SPAN", 15, "needs its unit", WITHOUT_TRIGGER),
    in_item("unknown_unit", "interval: 1y", "AF-SCHEDULE-SPAN", 15, "is no span of time", WITHOUT_TRIGGER),
    in_item("no_length", "interval: 0s", "AF-SCHEDULE-SPAN", 15, "'0s'", WITHOUT_TRIGGER),
    in_item("long_interval", "interval: 999999999w", "AF-SCHEDULE-SPAN", 15, "999999999w", WITHOUT_TRIGGER),
    in_item("interval_as_list", "interval: [1h]", "AF-WRONG-TYPE", 15, "must be text", WITHOUT_TRIGGER),
    in_item("no_every", "interval: {start: 2026-01-01T00:00}", "AF-MISSING-KEY", 5, "'every'", WITHOUT_TRIGGER),
    in_item(
        "start_of_day", "interval: {every: 1h, start: 2026-01-01}", "AF-SCHEDULE-TIME", 34, "is no", WITHOUT_TRIGGER
    ),
    in_item("time_alone", "at: 2026-12-31T23:00", "AF-WRONG-TYPE", 9, "a list of times", WITHOUT_TRIGGER),
    in_item("no_times", "at: []", "AF-SCHEDULE-TRIGGER", 9, "names no time", WITHOUT_TRIGGER),
    in_item("day_at", "at: [2026-12-31]", "AF-SCHEDULE-TIME", 10, "no date with a time", WITHOUT_TRIGGER),
    in_item("hour_24", "at: [2026-12-31T24:30]", "AF-SCHEDULE-TIME", 10, "no time 2026-12-31T24:30", WITHOUT_TRIGGER),
    in_item("offset", "at: [2026-12-31T23:00+25:00]", "AF-SCHEDULE-TIME", 10, "no time", WITHOUT_TRIGGER),
    in_item("year", "at: [9999-12-31T23:00]", "AF-SCHEDULE-TIME", 10, "1970 to 2999", WITHOUT_TRIGGER),
    in_item("week_date", "at: [2026-W01-1T10:00]", "AF-SCHEDULE-TIME", 10, "no date with a time", WITHOUT_TRIGGER),
    # Flows
    in_item("no_flow", "jitter_seconds: 1", "AF-SCHEDULE-FLOW", 5, "flow_yaml, flow or", WITHOUT_FLOW, 4),
    in_item("two_flows", "flow: flow.yaml", "AF-SCHEDULE-FLOW", 5, "here is flow_yaml, too"),
    in_item("bundle", "bundle_manifest: a.json", "AF-SCHEDULE-BUNDLE", 5, "plugin for bundles", WITHOUT_FLOW),
    in_item("stale_bundle", "allow_stale_bundle: true", "AF-SCHEDULE-BUNDLE", 5, "plugin for bundles"),
    in_item("flow_at_home", "flow_yaml: ~/flow.yaml", "AF-SCHEDULE-PATH", 16, "'~' stands for", WITHOUT_FLOW),
    in_item("path_with_nul", 'flow_yaml: "a\\0b"', "AF-SCHEDULE-PATH", 16, "U+0000", WITHOUT_FLOW),
    in_item("missing_flow", "flow_yaml: flw.yaml", "AF-SCHEDULE-FLOW", 16, "there is no such file", WITHOUT_FLOW),
    in_item("folder_as_flow", "flow_yaml: .", "AF-SCHEDULE-FLOW", 16, "folder", WITHOUT_FLOW),
    in_item("params_as_list", "params: [1]", "AF-WRONG-TYPE", 13, "must be a mapping"),
    in_item("job_as_list", "flow_job: [a]", "AF-WRONG-TYPE", 15, "must be text"),
    # Policies
    in_item("calendar", "calendar: office", "AF-SCHEDULE-CALENDAR", 15, "`calendars: {NAME: {}}`"),
    in_item("calendar_as_number", "calendar: 1", "AF-WRONG-TYPE", 15, "a calendar's name"),
    in_item("calendar_without_use", "calendar: {working_day: 1}", "AF-MISSING-KEY", 5, "'use'"),
    Mistake(
        "working_day_0",
        f"{ITEM}    calendar: {{use: office, working_day: 0}}\ncalendars: {{office: {{}}}}\n",
        "AF-WRONG-VALUE",
        7,
        42,
        "no working day 0",
    ),
    Mistake(
        "working_day_of_a_week",
        f"{ITEM}    calendar: {{use: office, working_day: -8, of: week}}\ncalendars: {{office: {{}}}}\n",
        "AF-WRONG-VALUE",
        7,
        42,
        "no week has 8 working days",
    ),
    in_item("pool", "pool: warehouse", "AF-SCHEDULE-POOL", 11, "`limits: {pools: {NAME: 1}}`"),
    in_item("overlap", "overlap: skp", "AF-WRONG-VALUE", 14, "did you mean 'skip'?"),
    in_item("overlap_as_truth", "overlap: false", "AF-WRONG-TYPE", 14, "must be text"),
    in_item("misfire", "misfire: none", "AF-WRONG-VALUE", 14, "all, latest, skip"),
    in_item("dst", "dst: both", "AF-WRONG-VALUE", 10, "once, skip, twice"),
    in_item("grace_as_span", "misfire_grace_time: 5m", "AF-WRONG-TYPE", 25, "write how many, as a number alone"),
    in_item("negative_jitter", "jitter_seconds: -1", "AF-WRONG-VALUE", 21, "0 or more"),
    in_item("enabled_in_words", "enabled: yes", "AF-WRONG-TYPE", 14, "write true"),
    in_item("no_seconds", "max_run_seconds: 0", "AF-WRONG-VALUE", 22, "0 is too small"),
    in_item("half_a_run", "overlap: allow\nmax_runs: 1.5", "AF-WRONG-TYPE", 15, "a whole number", line=8),
    in_item("zone_of_item", "timezone: Berlin", "AF-SCHEDULE-ZONE", 15, "no time zone 'Berlin'"),
    in_item("no_attempts", "retry: {backoff_seconds: 1}", "AF-MISSING-KEY", 5, "'max_attempts'"),
    in_item("zero_attempts", "retry: {max_attempts: 0}", "AF-WRONG-VALUE", 27, "1 or more"),
    in_item(
        "shrinking_waits",
        "retry: {max_attempts: 2, backoff_seconds: 60, max_backoff_seconds: 30}",
        "AF-WRONG-VALUE",
        72,
        "below `backoff_seconds`",
    ),
    in_item("shrinking_multiplier", "retry: {max_attempts: 2, backoff_multiplier: 0.5}", "AF-WRONG-VALUE", 50, "small"),
    in_item("retry_as_number", "retry: 3", "AF-WRONG-TYPE", 12, "must be a mapping"),
    in_item("unknown_key", "max_instances: 1", "AF-UNKNOWN-KEY", 5, "no key 'max_instances'"),
    in_item("profile", "profile: lock ed", "AF-PROFILE-UNKNOWN", 14, "'lock ed'"),
]
