"""What the tests of fidelity share for a session: making and filling take longer than looking."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from plugins.excel.tests.fidelity.gallery import TEMPLATES, WAYS, Fills, Gallery
from plugins.excel.tests.oracles.office import ask, failure, printed
from plugins.excel.tests.oracles.readers import by_excelize


@pytest.fixture(scope="session")
def gallery(tmp_path_factory) -> Gallery:
    return Gallery(tmp_path_factory.mktemp("templates"))


@pytest.fixture(scope="session")
def fills(gallery, tmp_path_factory) -> Fills:
    return Fills(gallery, tmp_path_factory.mktemp("fills"))


@pytest.fixture(scope="session")
def chosen(request) -> list[str]:
    """The templates that a test of this session is about: others need not be filled for the ones that are asked for."""
    asked = {item.callspec.params.get("name") for item in request.session.items if hasattr(item, "callspec")}
    return [name for name in TEMPLATES if name in asked]


@pytest.fixture(scope="session")
def excelize_readings(fills, chosen, tmp_path_factory):
    """What excelize reads of every workbook that was filled from CSV."""
    return by_excelize(fills.succeeded(chosen, WAYS, "csv"), tmp_path_factory.mktemp("excelize"))


@pytest.fixture(scope="session")
def office_readings(fills, chosen, tmp_path_factory):
    """What LibreOffice computes for them, or why it does not open one."""
    folder = tmp_path_factory.mktemp("office")
    jobs = {
        path: {"do": "values", "source": str(path), "target": str(folder / f"{path.name}.json")}
        for path in fills.succeeded(chosen, WAYS, "csv")
    }
    ask(list(jobs.values()), folder)
    return {path: _reading(Path(job["target"])) for path, job in jobs.items()}


def _reading(target: Path):
    return failure(target) or json.loads(target.read_text())


@pytest.fixture(scope="session")
def office_pages(fills, chosen, tmp_path_factory):
    """The text on the pages of those with rows inserted, as LibreOffice prints them."""
    folder = tmp_path_factory.mktemp("pages")
    jobs = {
        path: {"do": "picture", "source": str(path), "target": str(folder / f"{path.name}.pdf")}
        for path in fills.succeeded(chosen, ("below",), "csv")
    }
    ask(list(jobs.values()), folder)
    return {path: failure(Path(job["target"])) or printed(Path(job["target"])) for path, job in jobs.items()}
