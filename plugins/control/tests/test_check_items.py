from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import ValidationError

from aetherflow.kernel.api import Rerun, Skip
from aetherflow_control.check_items import CheckItems, CheckItemsInputs

pytestmark = pytest.mark.unit


def check(**inputs):
    return CheckItems().run(None, CheckItemsInputs(**inputs))


@pytest.mark.parametrize(("items", "count"), [(["a"], 1), ([None, 0, ""], 3), ("a,b", 2), (" a , ,b,", 2)])
def test_enough_items_go_on_with_their_count(items, count):
    outputs = check(items=items)

    assert outputs.model_dump() == {"has_data": True, "count": count}


@pytest.mark.parametrize(("items", "count"), [([], 0), ("", 0), (" , ", 0), (["a"], 1)])
def test_too_few_items_are_a_skip_that_says_how_many_there_are(items, count):
    outcome = check(items=items, min_count=2)

    assert isinstance(outcome, Skip)
    assert outcome.reason == f"count({count}) < min_count(2)"
    assert outcome.outputs.model_dump() == {"has_data": False, "count": count}


def test_no_items_are_enough_where_none_are_asked_for():
    assert check(items=[], min_count=0).has_data


@pytest.mark.parametrize("inputs", [{"items": None}, {"items": 3}, {"items": ["a"], "min_count": -1}, {"item": ["a"]}])
def test_inputs_of_the_wrong_kind_are_refused(inputs):
    with pytest.raises(ValidationError):
        check(**inputs)


def test_the_step_may_be_run_again_freely():
    assert CheckItems.rerun is Rerun.SAFE


def test_importing_the_plugin_imports_neither_its_step_nor_pydantic():
    late = {"pydantic", "aetherflow_control.check_items"}
    code = f"import sys, aetherflow_control; print(sorted({late} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
