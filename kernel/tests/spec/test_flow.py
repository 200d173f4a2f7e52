"""A flow is read key by key; everything wrong is told at its place, with a mend."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from aetherflow.kernel.errors import InvalidInput, MissingReference
from aetherflow.kernel.spec.document import Raw, parse_document
from aetherflow.kernel.spec.fields import MAX_PROBLEMS
from aetherflow.kernel.spec.flow import Examined, examine_flow, read_flow
from aetherflow.kernel.spec.models import Flow, Locks, StatePlace

SMALLEST = "flow: {id: x}\njobs: []\n"


def read(text: str, **options) -> Flow:
    return read_flow(parse_document(textwrap.dedent(text).encode(), "f.yaml"), **options)


def examine(text: str, **options) -> Examined:
    return examine_flow(parse_document(textwrap.dedent(text).encode(), "f.yaml"), **options)


def problems(text: str, **options):
    return examine(text, **options).problems


def only_problem(text: str, **options):
    found = problems(text, **options)
    assert len(found) == 1, [str(problem) for problem in found]
    return found[0]


def job(text: str) -> str:
    return f"flow: {{id: x}}\njobs:\n  - {{id: j, steps: [{{id: s, type: t, {text}}}]}}\n"


def test_a_whole_flow_is_read():
    flow = read(
        """
        version: 1
        flow:
          id: daily.report
          description: Every night.
          timezone: Europe/Berlin
          workspace: {root: /data/work, cleanup_policy: never, layout: {artifacts: out/files}}
          state: {backend: file, path: state/ledger.sqlite}
          locks: {scope: flow, ttl_seconds: 60}
        params:
          day: {type: date, default: "{{run.date}}", description: Day to report.}
          top: {type: integer}
        resources:
          warehouse:
            kind: db
            driver: postgres
            profile: warehouse
            config: {url: "{{env.URL}}"}
            options: {pool: {size: 2}}
            decode: {config: {url: true}, options_paths: [pool.key]}
        jobs:
          - id: extract
            description: Reads.
            steps:
              - {id: orders, type: db_extract_stream, inputs: {sql: !raw "{{x}}"},
                 outputs: {rows: "{{result.row_count}}"}, on_no_data: skip_job, rerun: SAFE}
          - {id: report, depends_on: [extract], when: jobs.extract.outputs.rows > 0, steps: []}
        """
    )

    assert (flow.id, flow.description, flow.timezone, flow.version) == (
        "daily.report",
        "Every night.",
        "Europe/Berlin",
        1,
    )
    assert (flow.workspace.root, flow.workspace.cleanup_policy) == ("/data/work", "never")
    assert (flow.state, flow.locks) == (
        StatePlace(backend="file", path="state/ledger.sqlite"),
        Locks(scope="flow", ttl_seconds=60),
    )
    assert flow.parameters["day"].default == "{{run.date}}"
    assert (flow.parameters["top"].has_default, flow.parameters["top"].default) == (False, None)
    assert flow.resources["warehouse"].decode == {"config": {"url": True}, "options_paths": ["pool.key"]}
    step = flow.jobs[0].steps[0]
    assert step.inputs == {"sql": Raw("{{x}}")}
    assert (step.on_no_data, step.rerun, step.path) == ("skip_job", "SAFE", ("jobs", 0, "steps", 0))
    assert (flow.jobs[1].depends_on, flow.jobs[1].when) == (("extract",), "jobs.extract.outputs.rows > 0")


def test_the_smallest_flow_has_all_defaults():
    flow = read(SMALLEST)

    assert (flow.jobs, flow.parameters, flow.resources, flow.timezone) == ((), {}, {}, "UTC")
    assert (flow.locks.scope, flow.locks.ttl_seconds) == ("none", 60)
    assert (flow.state.backend, flow.state.path, flow.workspace.root) == ("sqlite", None, None)
    assert flow.workspace.cleanup_policy == "on_success"


def test_a_layout_is_laid_over_the_defaults():
    """D48: `layout: {}` ended in KeyError 'artifacts'."""
    assert read("flow: {id: x, workspace: {layout: {}}}\njobs: []").workspace.layout["artifacts"] == "artifacts"
    layout = read("flow: {id: x, workspace: {layout: {scratch: tmp}}}\njobs: []").workspace.layout
    assert layout == {"artifacts": "artifacts", "scratch": "tmp", "manifests": "manifests"}


def test_a_ledger_in_memory_is_refused():
    """D48: state ":memory:" ended in "no such table"."""
    problem = only_problem('flow: {id: x, state: {path: ":memory:"}}\njobs: []')

    assert (problem.code, problem.where.column) == ("AF-WRONG-VALUE", 29)


@pytest.mark.parametrize("folder", ["..", "../x", "/etc", "a/../b", "", "a//b", "~", "a\\b", "con", "x."])
def test_a_layout_never_leaves_the_job_folder(folder):
    """D2: ids and names were joined to paths unchecked."""
    assert only_problem(f"flow: {{id: x, workspace: {{layout: {{scratch: {folder!r}}}}}}}\njobs: []").code == "AF-ID"


# ------------------------------------------------------------------------------------------------------ misspelt keys

TYPOS = [
    ("flow: {id: x, worksapce: {root: w}}\njobs: []", 1, 15, "did you mean 'workspace'?"),
    (
        "flow: {id: x}\njobs:\n  - id: a\n    steps: []\n  - id: b\n    depend_on: [a]\n    steps: []",
        6,
        5,
        "did you mean 'depends_on'?",
    ),
    (job("retries: {max_attempts: 3}"), 3, 38, "did you mean 'retry'?"),
    (job("input: {a: 1}"), 3, 38, "did you mean 'inputs'?"),
    (job("timeout: 3"), 3, 38, "did you mean 'timeout_seconds'?"),
    (job("on_nodata: skip_job"), 3, 38, "did you mean 'on_no_data'?"),
    ("flow: {id: x}\nresources: {a: {kind: db, driver: d, option: {}}}\njobs: []", 2, 38, "did you mean 'options'?"),
    ("flow: {id: x, locks: {scop: job}}\njobs: []", 1, 23, "did you mean 'scope'?"),
    ("flow: {id: x}\nresource: {}\njobs: []", 2, 1, "did you mean 'resources'?"),
    ("flow: {id: x}\nparams: {day: {typ: date}}\njobs: []", 2, 16, "did you mean 'type'?"),
    ("flow: {id: x, workspace: {layout: {artefacts: a}}}\njobs: []", 1, 36, "did you mean 'artifacts'?"),
    (
        "flow: {id: x}\nresources: {a: {kind: d, driver: d, decode: {confg: {}}}}\njobs: []",
        2,
        46,
        "did you mean 'config'?",
    ),
]


@pytest.mark.parametrize(("text", "line", "column", "mend"), TYPOS)
def test_a_misspelt_key_is_told_with_place_and_mend(text, line, column, mend):
    """D40: typos were silently accepted."""
    problem = only_problem(text)

    assert (problem.code, problem.help) == ("AF-UNKNOWN-KEY", mend)
    assert (problem.where.line, problem.where.column) == (line, column)


def test_a_version_that_does_not_exist_is_refused():
    """D40: version 99 was accepted."""
    assert str(only_problem(f"version: 99\n{SMALLEST}").where) == "f.yaml:1:10"
    assert only_problem(f'version: "1"\n{SMALLEST}').help == "write it without quotes"
    assert only_problem(f"version: true\n{SMALLEST}").code == "AF-WRONG-TYPE"


def test_what_hangs_below_a_misspelt_key_is_checked_all_the_same():
    found = problems("flow: {id: x}\njbos:\n  - {id: a, setps: [{id: s, typ: t}]}\n")

    assert [problem.help for problem in found] == [
        "did you mean 'jobs'?",
        "did you mean 'steps'?",
        "did you mean 'type'?",
    ]


def test_a_flow_with_a_misspelt_key_can_still_be_checked_further():
    examined = examine(job("input: {a: 1}"))

    assert examined.flow is not None
    assert examined.flow.jobs[0].steps[0].inputs == {"a": 1}


def test_a_flow_with_an_unreadable_part_is_not_checked_further():
    assert examine(job("inputs: 3")).flow is None


def test_of_very_many_unknown_keys_no_more_are_looked_at_than_are_told():
    source = "flow: {id: x}\njobs: []\n" + "".join(f"jobz{number}: 1\n" for number in range(9_000))

    assert len(problems(source)) == MAX_PROBLEMS + 1


# ------------------------------------------------------------------------------------------------------ shapes, values


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("flow: {id: 7}\njobs: []", "AF-WRONG-TYPE", 1, 12),
        ("flow: {id: [x]}\njobs: []", "AF-WRONG-TYPE", 1, 12),
        ("flow: {}\njobs: []", "AF-MISSING-KEY", 1, 1),
        ("flow: {id: x}", "AF-MISSING-KEY", 1, 1),
        ("flow: {id: x}\njobs:", "AF-WRONG-TYPE", 2, 6),
        ("flow: {id: x}\njobs: {}", "AF-WRONG-TYPE", 2, 7),
        ("flow: x\njobs: []", "AF-WRONG-TYPE", 1, 7),
        ("flow: {id: x}\njobs: [x]", "AF-WRONG-TYPE", 2, 8),
        ("flow: {id: x}\njobs: [{id: j}]", "AF-MISSING-KEY", 2, 8),
        ("flow: {id: x}\njobs: [{id: j, steps: []}, {id: k, depends_on: j, steps: []}]", "AF-WRONG-TYPE", 2, 48),
        (job("inputs: [a]"), "AF-WRONG-TYPE", 3, 46),
        (job("rerun: safe"), "AF-WRONG-VALUE", 3, 45),
        (job("on_no_data: skip"), "AF-WRONG-VALUE", 3, 50),
        (job("outputs: {a.b: 1}"), "AF-ID", 3, 48),
        ("flow: {id: x, locks: {scope: all}}\njobs: []", "AF-WRONG-VALUE", 1, 30),
        ("flow: {id: x, locks: {ttl_seconds: 1}}\njobs: []", "AF-WRONG-VALUE", 1, 36),
        ("flow: {id: x, timezone: Europe/Berln}\njobs: []", "AF-WRONG-VALUE", 1, 25),
        ("flow: {id: x, timezone: ../../etc/passwd}\njobs: []", "AF-WRONG-VALUE", 1, 25),
        ("flow: {id: x}\nparams: {a: 3}\njobs: []", "AF-WRONG-TYPE", 2, 13),
        ("flow: {id: x}\nparams: {a: {type: text}}\njobs: []", "AF-WRONG-VALUE", 2, 20),
        ("flow: {id: x}\nresources: {a: {kind: d, driver: 3}}\njobs: []", "AF-WRONG-TYPE", 2, 34),
        ("- a", "AF-WRONG-TYPE", 1, 1),
        ("", "AF-WRONG-TYPE", 1, 1),
    ],
)
def test_a_value_of_the_wrong_shape_is_told_at_its_place(text, code, line, column):
    problem = only_problem(text)

    assert (problem.code, problem.where.line, problem.where.column) == (code, line, column)


@pytest.mark.parametrize(("word", "meant"), [("yes", "true"), ("no", "false"), ("on", "true"), ("OFF", "false")])
def test_a_word_that_was_a_boolean_before_gets_an_error_that_says_the_right_one(word, meant):
    for text in (
        f"params: {{a: {{type: boolean, default: {word}}}}}",
        f"resources: {{a: {{kind: d, driver: d, decode: {{config: {{p: {word}}}}}}}}}",
    ):
        assert f"write {meant}," in only_problem(f"flow: {{id: x}}\n{text}\njobs: []").help


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("string", ["x", "'7'", "2026-01-31"], ["7", "true", "[]"]),
        ("integer", ["7", "0x10"], ["'7'", "true", "7.5", "x"]),
        ("number", ["7", "7.5"], ["'7'", "true"]),
        ("boolean", ["true", "FALSE"], ["yes", "1", "'true'"]),
        ("date", ["2026-01-31"], ["2026-02-30", "20260131", "today", "7"]),
        ("datetime", ["2026-01-31T06:30:00", "2026-01-31 06:30:00+01:00"], ["2026-01-31T25:00", "x"]),
        ("list", ["[]", "[1]"], ["x", "{}"]),
        ("object", ["{}", "{a: 1}"], ["x", "[]"]),
    ],
)
def test_a_default_fits_the_type_of_its_parameter(kind, good, bad):
    for default in [*good, "null", "'{{run.date}}'", "'{{env.X:7}}'"]:
        assert problems(f"flow: {{id: x}}\nparams: {{a: {{type: {kind}, default: {default}}}}}\njobs: []") == ()
    for default in bad:
        problem = only_problem(f"flow: {{id: x}}\nparams: {{a: {{type: {kind}, default: {default}}}}}\njobs: []")
        assert problem.path == ("params", "a", "default")


@pytest.mark.parametrize(("kind", "text"), [("date", "2026-02-30"), ("datetime", "2026-01-31T25:00")])
def test_a_text_that_is_no_day_is_not_told_to_be_something_else_than_text(kind, text):
    problem = only_problem(f"flow: {{id: x}}\nparams: {{a: {{type: {kind}, default: {text}}}}}\njobs: []")

    assert problem.message.startswith("this text is not a date")


# ------------------------------------------------------------------------------------------------------ ids and order


@pytest.mark.parametrize("name", ["../x", "a/b", ".", "..", "x\ny", "CON", "x" * 65, "", "-x", "a b", "a.b"])
def test_a_hostile_id_is_refused_everywhere(name):
    """D2: a job id like `../../victim2` deleted files; S5."""
    quoted = '"' + name.replace("\n", "\\n") + '"'
    flow_ids = [f"flow: {{id: {quoted}}}\njobs: []"] if name != "a.b" else []
    for text in [
        *flow_ids,
        f"flow: {{id: x}}\njobs: [{{id: {quoted}, steps: []}}]",
        f"flow: {{id: x}}\njobs: [{{id: j, steps: [{{id: {quoted}, type: t}}]}}]",
        f"flow: {{id: x}}\nresources: {{{quoted}: {{kind: d, driver: d}}}}\njobs: []",
        f"flow: {{id: x}}\nparams: {{{quoted}: {{type: string}}}}\njobs: []",
        job(f"outputs: {{{quoted}: 1}}"),
    ]:
        problem = only_problem(text)
        assert problem.code == "AF-ID"
        assert "\n" not in problem.message


def test_two_ids_that_differ_only_in_capitals_are_refused_with_both_lines():
    problem = only_problem("flow: {id: x}\njobs:\n  - {id: load, steps: []}\n  - {id: LOAD, steps: []}\n")

    assert (problem.code, str(problem.where)) == ("AF-DUPLICATE-ID", "f.yaml:4:6")
    assert "line 3" in problem.help


def test_two_steps_of_one_job_need_two_ids_and_those_of_two_jobs_do_not():
    steps = "steps: [{id: s, type: t}]"
    assert problems(f"flow: {{id: x}}\njobs: [{{id: a, {steps}}}, {{id: b, {steps}}}]") == ()
    assert (
        only_problem("flow: {id: x}\njobs: [{id: a, steps: [{id: s, type: t}, {id: s, type: t}]}]").code
        == "AF-DUPLICATE-ID"
    )


@pytest.mark.parametrize(
    "block",
    [
        "resources: {Db: {kind: d, driver: d}, db: {kind: d, driver: d}}",
        "params: {Day: {type: date}, day: {type: date}}",
    ],
)
def test_names_that_differ_only_in_capitals_are_refused(block):
    assert only_problem(f"flow: {{id: x}}\n{block}\njobs: []").code == "AF-DUPLICATE-ID"


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ("[nosuch]", "AF-UNKNOWN-JOB"),
        ("[later]", "AF-JOB-ORDER"),
        ("[middle]", "AF-SELF-DEPENDENCY"),
        ("[frist]", "AF-UNKNOWN-JOB"),
    ],
)
def test_a_dependency_that_can_never_be_met_is_told(names, code):
    """D31: a job that waits for itself was valid, and blocked for ever."""
    problem = only_problem(
        "flow: {id: x}\njobs:\n  - {id: first, steps: []}\n"
        f"  - {{id: middle, depends_on: {names}, steps: []}}\n  - {{id: later, steps: []}}\n"
    )

    assert (problem.code, str(problem.where)) == (code, "f.yaml:4:31")
    assert problem.help


# --------------------------------------------------------------------------------------------- templates in the block


def render_with(**environment: str):
    def render(value: object, path: tuple) -> object:
        if not isinstance(value, str) or not value.startswith("{{env."):
            return value
        key = value[6:-2]
        if key not in environment:
            raise MissingReference(f"there is no env.{key}")
        return environment[key]

    return render


def test_texts_of_the_flow_block_are_rendered_before_they_are_typed():
    """D48: typed fields of the flow block could not be templated."""
    block = '{id: "{{env.ID}}", workspace: {cleanup_policy: "{{env.P}}"}, locks: {ttl_seconds: "{{env.T}}"}}'
    text = f"flow: {block}\njobs: []"

    flow = read(text, render=render_with(ID="nightly", P="never", T="0x10"))

    assert (flow.id, flow.workspace.cleanup_policy, flow.locks.ttl_seconds) == ("nightly", "never", 16)
    assert type(flow.id) is str


def test_a_rendered_value_is_checked_like_a_written_one():
    text = 'flow: {id: "{{env.ID}}", locks: {ttl_seconds: "{{env.T}}"}}\njobs: []'

    found = problems(text, render=render_with(ID="../x", T="soon"))

    assert [problem.code for problem in found] == ["AF-ID", "AF-WRONG-TYPE"]
    assert [problem.where.column for problem in found] == [12, 47]


def test_what_can_not_be_rendered_is_told_once_and_at_its_place():
    problem = only_problem('flow: {id: "{{env.ID}}"}\njobs: []', render=render_with())

    assert (problem.code, str(problem.where), problem.path) == ("AF-MISSING-REFERENCE", "f.yaml:1:12", ("flow", "id"))


def test_only_the_flow_block_is_rendered():
    flow = read('flow: {id: x}\njobs: [{id: j, when: "{{env.X}}", steps: []}]', render=render_with(X="gone"))

    assert flow.jobs[0].when == "{{env.X}}"


# ------------------------------------------------------------------------------------------------------ all at once


def test_all_problems_are_told_at_once_in_the_order_of_the_file():
    """D41: only the first message was shown, and without its place."""
    with pytest.raises(InvalidInput) as caught:
        read("version: 2\nflow: {id: a/b}\njobs:\n  - {id: j, stesp: [], depends_on: [k]}\nfoo: 1\n")

    lines = [problem.where.line for problem in caught.value.problems]
    assert lines == sorted(lines)
    assert {problem.code for problem in caught.value.problems} >= {"AF-WRONG-VALUE", "AF-ID", "AF-UNKNOWN-KEY"}
    assert len(lines) >= 4


def test_reading_a_flow_imports_neither_pydantic_nor_pluggy(tmp_path: Path):
    import subprocess
    import sys

    (tmp_path / "f.yaml").write_text(SMALLEST)
    script = (
        "import sys; from aetherflow.kernel.spec.document import read_document;"
        "from aetherflow.kernel.spec.flow import read_flow; read_flow(read_document('f.yaml'));"
        "print(sorted({'pydantic', 'pluggy', 'typer', 'rich'} & sys.modules.keys()))"
    )

    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
