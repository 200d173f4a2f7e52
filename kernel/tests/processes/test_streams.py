"""Lines come out the same, however the bytes arrive."""

from __future__ import annotations

import itertools

from hypothesis import given, strategies as st

from aetherflow.kernel.processes.streams import LineSplitter

LINE = st.binary(max_size=20).filter(lambda line: b"\n" not in line and b"\r" not in line)


def lines_of(chunks: list[bytes]) -> list[str]:
    found: list[str] = []
    splitter = LineSplitter("stdout", lambda _, line: found.append(line))
    for chunk in chunks:
        splitter.feed(chunk)
    splitter.finish()
    return found


@given(lines=st.lists(LINE), cuts=st.lists(st.integers(0, 200)), ending=st.sampled_from([b"\n", b"\r\n"]))
def test_lines_do_not_depend_on_where_the_chunks_were_cut(lines, cuts, ending):
    data = b"".join(line + ending for line in lines)
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    chunks = [data[start:end] for start, end in itertools.pairwise(places)]
    assert lines_of(chunks) == [line.decode("utf-8", "replace") for line in lines]


def test_a_last_line_without_end_is_a_line():
    assert lines_of([b"one\ntw", b"o"]) == ["one", "two"]


def test_of_a_line_that_is_redrawn_the_last_state_counts():
    assert lines_of([b"10 %\r50 %\r", b"100 %\r\ndone\n"]) == ["100 %", "done"]


def test_empty_lines_are_lines():
    assert lines_of([b"\n\na\n"]) == ["", "", "a"]
