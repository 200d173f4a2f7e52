"""Reads pictures back, by the grammars of their formats: what a picture says is what its reader finds in it."""

from __future__ import annotations

import html
import re
import warnings
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

import pydot

SVG = "{http://www.w3.org/2000/svg}"


@dataclass
class Read:
    """What stands in a picture: labels as lists of lines, and edges with whether they are dashed."""

    labels: list[list[str]] = field(default_factory=list)
    edges: list[tuple[str, str, bool]] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)


#: All that a line of a flowchart may be here; between the quotes stands nothing that Mermaid would act upon.
_LABEL = r"(?P<label>(?:[^\W_]|[ ,()·“”…]|(?<=[A-Za-z0-9])[._-](?=[A-Za-z0-9])|#[0-9]+;|<br/>)*)"
_MERMAID = {
    "node": re.compile(rf'(?P<id>j\d+(?:s\d+)?)\["{_LABEL}"\]'),
    "subgraph": re.compile(rf'subgraph (?P<id>j\d+|on_failure|finally)\["{_LABEL}"\]'),
    "end": re.compile("end"),
    "edge": re.compile(r"(?P<source>j\d+(?:s\d+)?) (?P<arrow>-->|-\.->) (?P<target>j\d+(?:s\d+)?)"),
}


def read_mermaid(text):
    """Read a flowchart.

    Raises:
        AssertionError: a line is none of the grammar, or groups don't end where they should.
    """
    first, second, *lines = text.rstrip("\n").split("\n")
    assert re.fullmatch(r"%% flow [A-Za-z0-9_.-]+", first)
    assert second == "flowchart TD"
    read, depth = Read(), 0
    for line in lines:
        kind, found = next(
            (kind, found) for kind, rule in _MERMAID.items() if (found := rule.fullmatch(line.strip(" "))) is not None
        )
        depth += {"subgraph": 1, "end": -1}.get(kind, 0)
        assert depth >= 0
        if kind in ("node", "subgraph"):
            label = [_decoded(part) for part in found["label"].split("<br/>")]
            (read.groups if found["id"] in ("on_failure", "finally") else read.labels).append(label)
        elif kind == "edge":
            read.edges.append((found["source"], found["target"], found["arrow"] == "-.->"))
    assert depth == 0
    return read


def _decoded(label):
    return re.sub(r"#([0-9]+);", lambda found: chr(int(found[1])), label)


def read_dot(text):
    """Read a graph with pydot, and its labels as Graphviz does."""
    with warnings.catch_warnings():
        # pydot calls its parser by names that are on their way out.
        warnings.simplefilter("ignore", DeprecationWarning)
        (graph,) = pydot.graph_from_dot_data(text)
    read = Read()
    _read_dot_graph(graph, read)
    return read


def _read_dot_graph(graph, read):
    for node in graph.get_nodes():
        if node.get_name() not in ("graph", "node"):
            read.labels.append(_dot_label(node.get_label()))
    for cluster in graph.get_subgraphs():
        label = _dot_label(cluster.get_label())
        is_section = cluster.get_name().startswith('"cluster section ')
        (read.groups if is_section else read.labels).append(label)
        _read_dot_graph(cluster, read)
    for edge in graph.get_edges():
        ends = edge.get_source().strip('"'), edge.get_destination().strip('"')
        read.edges.append((*ends, edge.get_style() == "dashed"))


def _dot_label(quoted):
    """The lines of a label: escapes first, then entities, as Graphviz reads them."""
    assert quoted[0] == quoted[-1] == '"'
    text, lines = quoted[1:-1], [""]
    place = 0
    while place < len(text):
        letter = text[place]
        assert letter != '"'
        if letter == "\\":
            place += 1
            assert text[place] in 'n\\"'
            if text[place] == "n":
                lines.append("")
            else:
                lines[-1] += text[place]
        else:
            lines[-1] += letter
        place += 1
    return [html.unescape(line) for line in lines]


def read_svg(text):
    """Read a drawing: a label for each of its rectangles, from the texts inside."""
    root = ET.fromstring(text)  # noqa: S314 - our own drawing
    read = Read(groups=[])
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in {
            "svg", "title", "style", "defs", "marker", "path", "rect", "text", "g",
        }  # fmt: skip
        for name, value in element.attrib.items():
            assert name in {
                "viewBox", "width", "height", "role", "id", "refX", "refY", "markerWidth", "markerHeight", "orient",
                "class", "d", "marker-end", "x", "y", "rx",
            }  # fmt: skip
            assert "url(" not in value or value == "url(#tip)"
    for group in root.iter(f"{SVG}g"):
        for each in group:
            if each.tag == f"{SVG}rect":
                read.labels.append([])
            else:
                read.labels[-1].append(each.text or "")
    for path in root.findall(f"{SVG}path"):
        read.edges.append((path.get("d"), "", "orders" in path.get("class")))
    read.groups = [[each.text] for each in root.findall(f"{SVG}text")]
    return read
