"""Steps beside one another take turns with Arrow's pool of memory, and leave it as it was."""

from __future__ import annotations

import pyarrow as pa
import pytest

from aetherflow_excel.rows.memory import lean_memory

pytestmark = pytest.mark.unit


def test_the_usual_pool_is_back_when_steps_end_in_another_order_than_they_began():
    usual = pa.default_memory_pool().backend_name
    first, second = lean_memory(), lean_memory()

    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert pa.default_memory_pool().backend_name == "system"
    second.__exit__(None, None, None)

    assert pa.default_memory_pool().backend_name == usual
    assert usual != "system"
