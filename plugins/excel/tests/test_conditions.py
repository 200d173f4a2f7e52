"""What `aetherflow validate` knows of inputs is what the steps refuse: nothing that would run is refused by it."""

from __future__ import annotations

from itertools import product

import jsonschema_rs
import pytest

from aetherflow.kernel.api import StepError
from aetherflow_excel.fill_inputs import FileTarget
from aetherflow_excel.read_inputs import ExcelReadInputs
from aetherflow_excel.write_inputs import ExcelWriteInputs
from aetherflow_excel.writing.names import check_names

pytestmark = pytest.mark.unit

ABSENT = object()
SHEETS = [{"name": "A", "source": "a.csv"}]
MARKS = {
    "delimiter": [ABSENT, None, ",", '"', "'", "\n", "§", ";;"],
    "quotechar": [ABSENT, '"', "'", ",", "\r", "§", ""],
}


def variants(choices):
    """Every mapping that takes one of the values for each key."""
    for values in product(*choices.values()):
        yield {name: value for name, value in zip(choices, values, strict=True) if value is not ABSENT}


@pytest.mark.parametrize(
    ("model", "always", "choices"),
    [
        (
            ExcelReadInputs,
            {"source": "a.xlsx", "output": "a.csv"},
            {
                "range": [ABSENT, None, "A1"],
                "name": [ABSENT, None, "n"],
                "table": [ABSENT, None, "t"],
                "sheet": [ABSENT, None, "s", 2, 0],
                "header": [ABSENT, True, False, 3],
                "columns": [ABSENT, [], ["a"]],
            },
        ),
        (
            ExcelWriteInputs,
            {"output": "a.xlsx"},
            {
                "source": [ABSENT, None, "a.csv"],
                "sheets": [ABSENT, None, SHEETS],
                "sheet": [ABSENT, None, "s"],
                "table": [ABSENT, None, "t"],
            },
        ),
        (
            ExcelWriteInputs,
            {"output": "a.xlsx"},
            {
                "source": [ABSENT, "a.csv"],
                "sheets": [ABSENT, SHEETS],
                "dtypes": [ABSENT, {"a": "int"}],
                "hyperlinks": [ABSENT, ["a"]],
                "columns": [ABSENT, ["a"]],
            },
        ),
        (ExcelWriteInputs, {"output": "a.xlsx", "source": "a.csv"}, MARKS),
        (FileTarget, {"source_path": "a.csv"}, MARKS),
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


@pytest.mark.parametrize(
    ("names", "is_good"),
    [
        ({"sheet": "Sales 2024"}, True),
        ({"sheet": "It's"}, True),
        ({"sheet": "ü" * 31}, True),
        ({"sheet": "a"}, True),
        ({"table": "Sales_2024.x"}, True),
        ({"table": "_x"}, True),
        ({"sheet": "'a"}, False),
        ({"sheet": "a'"}, False),
        ({"sheet": "'"}, False),
        ({"sheet": "a:b"}, False),
        ({"sheet": "a\x07b"}, False),
        ({"table": "1a"}, False),
        ({"table": "a b"}, False),
        ({"table": ""}, False),
    ],
)
def test_the_schema_refuses_names_that_the_step_refuses(names, is_good):
    inputs = {"output": "a.xlsx", "source": "a.csv", **names}
    validator = jsonschema_rs.validator_for(ExcelWriteInputs.model_json_schema())

    try:
        check_names(ExcelWriteInputs.model_validate(inputs).all_sheets())
    except (ValueError, StepError):
        is_accepted = False
    else:
        is_accepted = True
    assert (validator.is_valid(inputs), is_accepted) == (is_good, is_good)


@pytest.mark.parametrize("output", ["a.csv", "a.TSV", "a.pq", "folder.csv/a", "folder.x/a.jsonl", "a", "{{x}}"])
def test_an_output_that_may_be_a_table_is_not_refused_before_the_run(output):
    validator = jsonschema_rs.validator_for(ExcelReadInputs.model_json_schema())

    assert validator.is_valid({"source": "a.xlsx", "output": output})
    assert not validator.is_valid({"source": "a.xlsx", "output": "a.txt"})
    assert validator.is_valid({"source": "a.xlsx", "output": "a.txt", "format": "csv"})


@pytest.mark.parametrize("encoding", ["utf-9", "rot13", "base64"])
def test_an_encoding_of_no_text_is_refused(encoding):
    with pytest.raises(ValueError, match="no text encoding of this name"):
        FileTarget(source_path="a.csv", encoding=encoding)


def test_a_sheet_may_change_one_of_two_marks_that_are_said_for_all():
    sheets = [{**SHEETS[0], "delimiter": '"'}]

    assert ExcelWriteInputs(output="a.xlsx", quotechar="'", sheets=sheets).all_sheets()[0].quotechar == "'"
    with pytest.raises(ValueError, match="must differ"):
        ExcelWriteInputs(output="a.xlsx", sheets=sheets)
