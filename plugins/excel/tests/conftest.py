from __future__ import annotations

import pytest

from plugins.excel.tests.workplace import Workplace


@pytest.fixture
def workplace(tmp_path) -> Workplace:
    return Workplace(tmp_path)
