"""The table of positions points at what it says."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, strategies as st

from aetherflow.kernel.spec.document import Document, Raw, parse_document

TEXTS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs", "So"]), max_size=12)
KEYS = st.text(st.characters(codec="ascii", categories=["Ll", "Lu"]), min_size=1, max_size=6).map(
    lambda name: f"k{name}"
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


def block_lines(value: object, indent: int) -> list[str]:
    """A block-style document of a value, one scalar in each line."""
    blanks = "  " * indent
    if isinstance(value, dict) and value:
        return [
            line
            for key, item in value.items()
            for line in (
                [f"{blanks}{key}:", *block_lines(item, indent + 1)]
                if is_nested(item)
                else [f"{blanks}{key}:  {flow(item)}"]
            )
        ]
    if isinstance(value, list) and value:
        return [
            line
            for item in value
            for line in (
                [f"{blanks}-", *block_lines(item, indent + 1)] if is_nested(item) else [f"{blanks}-   {flow(item)}"]
            )
        ]
    return [f"{blanks}{flow(value)}"]


def is_nested(value: object) -> bool:
    return isinstance(value, dict | list) and bool(value)


def flow(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def paths(value: object, path: tuple = ()):
    yield path, value
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(item, (*path, key))


def text_at(document: Document, where) -> str:
    return document.line(where.line)[where.column - 1 :]


@given(VALUES)
def test_in_block_style_every_value_stands_where_the_table_says(value):
    document = parse_document("\n".join(block_lines(value, 0)).encode(), "f.yaml")

    assert document.value == value
    for path, part in paths(value):
        if not is_nested(part):
            assert text_at(document, document.where(path)) == flow(part)
        if path and isinstance(path[-1], str):
            assert text_at(document, document.where_key(path)).startswith(f"{path[-1]}:")


@given(VALUES)
def test_in_flow_style_every_value_stands_where_the_table_says(value):
    document = parse_document(flow(value).encode(), "f.yaml")

    for path, part in paths(value):
        assert text_at(document, document.where(path)).startswith(flow(part))
        if path and isinstance(path[-1], str):
            assert text_at(document, document.where_key(path)).startswith(f'"{path[-1]}":')


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_counts_once(newline):
    document = parse_document(newline.join(["a: 1", "b:", "  - x", "  - y"]).encode(), "f.yaml")

    assert str(document.where(("b", 1))) == "f.yaml:4:5"
    assert document.line(4) == "  - y"


def test_columns_count_characters_and_not_bytes():
    document = parse_document("ключ: {größe: 1}".encode(), "f.yaml")

    assert document.where(("ключ", "größe")).column == 15


def test_a_byte_order_mark_takes_no_column():
    document = parse_document("\ufeffa: 1".encode(), "f.yaml")

    assert str(document.where(("a",))) == "f.yaml:1:4"
    assert document.line(1) == "a: 1"


def test_what_does_not_exist_is_told_at_the_nearest_value_above_it():
    document = parse_document(b"a:\n  b: [1]\n", "f.yaml")

    assert str(document.where(("a", "c", "d"))) == "f.yaml:2:3"
    assert str(document.where(("a", "b", 7))) == "f.yaml:2:6"
    assert str(document.where(("a", "b", 0, "x"))) == "f.yaml:2:7"
    assert str(document.where(("a", "b", "x"))) == "f.yaml:2:6"
    assert str(document.where_key(("a", 3))) == "f.yaml:2:3"


def test_a_path_leads_through_raw_values():
    document = parse_document(b"a: !raw {b: [x]}", "f.yaml")

    assert document.value == {"a": Raw({"b": ["x"]})}
    assert str(document.where(("a", "b", 0))) == "f.yaml:1:14"


def test_an_alias_stands_at_its_own_place_and_its_parts_at_the_anchor():
    document = parse_document(b"a: &x {b: 1}\nc: *x\n", "f.yaml")

    assert str(document.where(("c",))) == "f.yaml:2:4"
    assert str(document.where(("c", "b"))) == "f.yaml:1:11"


def test_the_digest_is_that_of_the_file():
    import hashlib

    source = b"\xef\xbb\xbfa: 1\n"

    assert parse_document(source, "f.yaml").digest == hashlib.sha256(source).hexdigest()
