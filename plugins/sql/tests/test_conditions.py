"""What `aetherflow validate` knows of inputs is what the steps refuse: nothing that would run is refused by it."""

from __future__ import annotations

from itertools import product

import jsonschema_rs
import pytest

from aetherflow.kernel.api import StepError
from aetherflow_sql.column_types import type_from_word
from aetherflow_sql.execute_inputs import DatabaseExecuteInputs
from aetherflow_sql.extract_inputs import DatabaseExtractStreamInputs
from aetherflow_sql.load_inputs import DatabaseLoadInputs
from aetherflow_sql.sqlite import SqliteConfig

pytestmark = pytest.mark.unit

ABSENT = object()


def variants(choices):
    """Every mapping that takes one of the values for each key."""
    for values in product(*choices.values()):
        yield {name: value for name, value in zip(choices, values, strict=True) if value is not ABSENT}


@pytest.mark.parametrize(
    ("model", "always", "choices"),
    [
        (
            DatabaseExecuteInputs,
            {"resource": "shop"},
            {"sql": [ABSENT, None, "DELETE FROM t"], "script": [ABSENT, None, "x.sql"], "params": [ABSENT, {}]},
        ),
        (
            SqliteConfig,
            {},
            {
                "path": [ABSENT, None, "x.sqlite", ":memory:"],
                "url": [ABSENT, None, "sqlite:///x.sqlite", "sqlite:///:memory:"],
            },
        ),
        (
            DatabaseLoadInputs,
            {"resource": "shop", "table": "t"},
            {
                "source": ["a.csv", "a.TSV", "a.parquet", "folder.csv/a.JSONL"],
                "format": [ABSENT, None, "csv", "jsonl"],
                "mode": [ABSENT, "append", "upsert"],
                "key": [ABSENT, [], ["id"]],
                "columns": [ABSENT, [], ["id"]],
            },
        ),
        (
            DatabaseLoadInputs,
            {"resource": "shop", "table": "t", "source": "a.csv"},
            {"delimiter": [ABSENT, None, ";", '"', "\t", "¦", "\n"], "quotechar": [ABSENT, ";", '"', "'", "¦"]},
        ),
    ],
)
def test_the_schema_refuses_what_the_model_refuses(model, always, choices):
    validator = jsonschema_rs.validator_for(model.model_json_schema())
    for more in variants(choices):
        inputs = {**always, **more}
        try:
            model.model_validate(inputs)
        except ValueError:
            is_accepted = False
        else:
            is_accepted = True

        assert validator.is_valid(inputs) == is_accepted, inputs


def test_marks_of_a_file_that_are_given_in_two_places_are_left_to_the_run():
    validator = jsonschema_rs.validator_for(DatabaseExtractStreamInputs.model_json_schema())
    inputs = {"resource": "shop", "sql": "SELECT 1", "output": "x.csv", "file": {"delimiter": ";", "quotechar": ";"}}

    DatabaseExtractStreamInputs.model_validate({**inputs, "delimiter": ","})

    assert validator.is_valid({**inputs, "delimiter": ","})
    assert not validator.is_valid({**inputs, "delimiter": ",", "quotechar": ","})


@pytest.mark.parametrize(
    "word",
    [
        "int", "datetime_tz", "decimal(1)", "decimal( 38 , 38 )", "decimal(012,00)", "money", "INT", "decimal(0)",
        "decimal(39,2)", "decimal()", "decimal(1,2,3)", " int", "int\n", "",
    ],
)  # fmt: skip
def test_words_for_types_are_those_that_steps_know(word):
    schema = DatabaseLoadInputs.model_json_schema()["properties"]["types"]["additionalProperties"]["anyOf"][0]
    try:
        type_from_word(word, "column")
    except StepError:
        is_known = False
    else:
        is_known = True

    assert jsonschema_rs.validator_for(schema).is_valid(word) == is_known
