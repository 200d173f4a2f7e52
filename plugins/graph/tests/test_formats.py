"""Each format says what is drawn, whatever texts stand in it, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from aetherflow.kernel.api import FlowOutline, JobOutline, Rerun, StepOutline
from aetherflow_graph.dot import as_dot
from aetherflow_graph.mermaid import as_mermaid
from aetherflow_graph.picture import make_picture
from aetherflow_graph.svg import as_svg
from aetherflow_graph.text import shortened

from .readers import read_dot, read_mermaid, read_svg

pytestmark = pytest.mark.unit

HOSTILE = [
    '"]; end; click j0 "javascript:alert(1)"',
    "%%{init: {'theme': 'dark'}}%%",
    "-->|x| j1\n  j9[new]",
    "`**bold** _x_ [a](http://x) <b>b</b> &amp; &#34; &lt;script&gt;",
    "1. one\n2. two",
    "- a\n# b\n    code",
    "===",
    "style x:y#35; classDef a:b#c;",
    "#35; #quot; #amp; &quot;",
    'quote " and backslash \\ and \\" and \\n and \\N and \\',
    '"];}\ngraph {a -> b',
    "<!-- --> <![CDATA[ ]]> </text><script>alert(1)</script>",
    "</style><style>*{fill:red}",
    "\x00\x01\x1b[31m red \x7f \x85",
    "\u202eright to left\u2066 \u200b\ufeff \u2028 \u2029",
    "\ufffe\uffff\U0001ffff",
    "\ud800",
    "häuser 家 🏠 e\u0301",
    "fa:fa-car $$x^2$$ @{ shape: x }",
    "{{params.x}} {% if %} ${X}",
    "a" * 1000,
    " \t\n ",
]
IDS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}", fullmatch=True) | st.sampled_from(
    ["end", "graph", "subgraph", "style", "class", "default", "node", "edge", "strict", "__a__", "-x"[1:], "o", "x", "a--b", "1", "_"]
)  # fmt: skip
TEXTS = st.none() | st.sampled_from(HOSTILE) | st.text(max_size=80)
STEPS = st.builds(StepOutline, id=IDS, type=IDS, rerun=st.sampled_from(Rerun), when=TEXTS, foreach=TEXTS)


@st.composite
def flows(draw):
    """A flow with jobs in all parts, each of which may come after any earlier one."""
    ids = draw(st.lists(IDS, max_size=8, unique=True))
    borders = sorted(draw(st.tuples(st.integers(0, len(ids)), st.integers(0, len(ids)))))
    jobs = []
    for number, job_id in enumerate(ids):
        section = "jobs" if number < borders[0] else "on_failure" if number < borders[1] else "finally"
        same = [job.id for job in jobs if job.section == section]
        depends_on = draw(st.lists(st.sampled_from(same), unique=True)) if same else []
        others = [each for each in ids[:number] if each not in depends_on]
        refers_to = draw(st.lists(st.sampled_from(others), unique=True)) if others else []
        jobs.append(
            JobOutline(
                id=job_id,
                section=section,
                steps=tuple(draw(st.lists(STEPS, max_size=3, unique_by=lambda step: step.id))),
                description=draw(TEXTS),
                when=draw(TEXTS),
                depends_on=tuple(depends_on),
                refers_to=tuple(refers_to),
            )
        )
    return FlowOutline(id=draw(st.sampled_from(["f", "end.graph-1", "1"])), jobs=tuple(jobs))


def expected_labels(picture):
    return [[box.title, *box.notes] for job in picture.jobs for box in (job.box, *job.steps)]


def expected_groups(picture):
    return [[name] for name in picture.groups if name != "jobs"]


@settings(max_examples=100, deadline=None)
@given(flow=flows(), with_steps=st.booleans())
def test_mermaid_holds_every_label_and_edge_and_nothing_else(flow, with_steps):
    picture = make_picture(flow, with_steps=with_steps)
    read = read_mermaid(as_mermaid(picture))
    assert read.labels == expected_labels(picture)
    assert read.groups == expected_groups(picture)
    between_jobs = [edge for edge in read.edges if "s" not in edge[0]]
    assert between_jobs == [(f"j{edge.source}", f"j{edge.target}", edge.is_dashed) for edge in picture.edges]
    assert len(read.edges) - len(between_jobs) == sum(max(0, len(job.steps) - 1) for job in picture.jobs)


@settings(max_examples=30, deadline=None)
@given(flow=flows(), with_steps=st.booleans())
def test_dot_holds_every_label_and_edge_and_nothing_else(flow, with_steps):
    picture = make_picture(flow, with_steps=with_steps)
    read = read_dot(as_dot(picture))
    assert sorted(read.labels) == sorted(expected_labels(picture))
    assert sorted(read.groups) == sorted(expected_groups(picture))
    inner = sum(max(0, len(job.steps) - 1) for job in picture.jobs)
    assert len(read.edges) == len(picture.edges) + inner
    between_jobs = sorted((*(end.split(".")[0] for end in edge[:2]), edge[2]) for edge in read.edges)
    jobs = [job.box.title for job in picture.jobs]
    told = {(jobs[edge.source], jobs[edge.target], edge.is_dashed) for edge in picture.edges}
    assert told == {edge for edge in between_jobs if edge[0] != edge[1]}


@settings(max_examples=100, deadline=None)
@given(flow=flows(), with_steps=st.booleans())
def test_svg_is_xml_that_holds_every_label_and_edge_and_nothing_from_elsewhere(flow, with_steps):
    picture = make_picture(flow, with_steps=with_steps)
    text = as_svg(picture)
    read = read_svg(text)
    assert read.labels == expected_labels(picture)
    assert read.groups == expected_groups(picture)
    assert [edge[2] for edge in read.edges] == [edge.is_dashed for edge in picture.edges]
    assert text.count("http") - sum(line.count("http") for label in read.labels for line in label) == 1
    text.encode("utf-8")


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("render", [as_mermaid, as_dot, as_svg])
def test_hostile_text_stays_text(hostile, render):
    steps = (StepOutline(id="s", type="t", rerun=Rerun.ONCE, when=hostile, foreach=hostile),)
    flow = FlowOutline(
        id="f", jobs=(JobOutline(id="a", section="jobs", steps=steps, description=hostile, when=hostile),)
    )
    picture = make_picture(flow, with_steps=True)
    read = {as_mermaid: read_mermaid, as_dot: read_dot, as_svg: read_svg}[render](render(picture))
    assert sorted(read.labels) == sorted(expected_labels(picture))
    assert (read.edges, read.groups) == ([], [])


@pytest.mark.parametrize("render", [as_mermaid, as_dot, as_svg])
def test_flow_without_jobs_is_an_empty_picture(render):
    picture = make_picture(FlowOutline(id="f", jobs=()), with_steps=True)
    read = {as_mermaid: read_mermaid, as_dot: read_dot, as_svg: read_svg}[render](render(picture))
    assert (read.labels, read.edges, read.groups) == ([], [], [])


@given(text=st.text())
def test_label_is_one_short_line_without_what_is_not_seen(text):
    line = shortened(text)
    assert len(line) <= 60
    assert line == line.strip()
    assert line.isprintable()
    line.encode("utf-8")


def test_job_shows_its_strictest_rerun_class_and_that_a_step_is_repeated():
    def note(*classes, foreach=None):
        steps = tuple(
            StepOutline(id=f"s{number}", type="t", rerun=each, foreach=foreach) for number, each in enumerate(classes)
        )
        flow = FlowOutline(id="f", jobs=(JobOutline(id="a", section="jobs", steps=steps),))
        return make_picture(flow, with_steps=False).jobs[0].box.notes

    assert note(Rerun.SAFE) == ("1 step",)
    assert note(Rerun.SAFE, Rerun.KEYED) == ("2 steps · KEYED",)
    assert note(Rerun.KEYED, Rerun.ONCE, Rerun.SAFE, foreach="2 items") == ("3 steps · ONCE · foreach",)
