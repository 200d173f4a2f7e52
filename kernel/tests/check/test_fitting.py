"""What comes and what belongs somewhere, in words that can stand in one sentence."""

from __future__ import annotations

import pytest

from aetherflow.kernel.check.fitting import Verdict, fit_of
from aetherflow.kernel.check.kinds import kind_of_schema

pytestmark = pytest.mark.unit

TEXT, WHOLE = {"type": "string"}, {"type": "integer"}
DAY, MOMENT = {**TEXT, "format": "date"}, {**TEXT, "format": "date-time"}


def list_of(items):
    return {"type": "array", "items": items}


def mapping_of(**properties):
    return {"type": "object", "properties": properties, "additionalProperties": False}


@pytest.mark.parametrize(
    ("wanted", "given", "words"),
    [
        (list_of(TEXT), list_of(WHOLE), ("a list of texts", "a list of whole numbers")),
        (
            list_of({"type": ["string", "null"]}),
            list_of(WHOLE),
            ("a list of texts or nothing", "a list of whole numbers"),
        ),
        (
            list_of(DAY),
            list_of(MOMENT),
            ("a list in which each item is a date", "a list in which each item is a date with a time"),
        ),
        (list_of(list_of(TEXT)), list_of(TEXT), ("a list of lists", "a list of texts")),
        (
            mapping_of(a=TEXT),
            mapping_of(a=WHOLE),
            ("a mapping with text under 'a'", "a mapping with a whole number under 'a'"),
        ),
        (mapping_of(a=TEXT), mapping_of(b=TEXT), ("a mapping without the key 'b'", "a mapping with it")),
        ({"enum": ["csv", "tsv"]}, {"const": "json"}, ("csv or tsv", "json")),
        ({"enum": [*"abcdefgh"]}, {"const": "x"}, ("a or b or c or d or e or f or …", "x")),
    ],
)
def test_what_does_not_fit_is_told_in_words_of_both(wanted, given, words):
    fit = fit_of(kind_of_schema(given), kind_of_schema(wanted))

    assert (fit.verdict, fit.wanted, fit.given) == (Verdict.MISFIT, *words)
