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
def office_answers(fills, chosen, tmp_path_factory) -> dict[tuple[str, Path], Path]:
    """What one LibreOffice makes of all of them: the values of each, and the pages of those with rows inserted."""
    folder = tmp_path_factory.mktemp("office")
    wanted = [("values", path, "json") for path in fills.succeeded(chosen, WAYS, "csv")]
    wanted += [("picture", path, "pdf") for path in fills.succeeded(chosen, ("below",), "csv")]
    targets = {(what, path): folder / f"{path.name}.{suffix}" for what, path, suffix in wanted}
    ask([{"do": what, "source": str(path), "target": str(to)} for (what, path), to in targets.items()], folder)
    return targets


@pytest.fixture(scope="session")
def office_readings(office_answers):
    """What LibreOffice computes, or why it does not open one."""
    answers = {path: target for (what, path), target in office_answers.items() if what == "values"}
    return {path: failure(target) or json.loads(target.read_text()) for path, target in answers.items()}


@pytest.fixture(scope="session")
def office_pages(office_answers):
    """The text on the pages, as LibreOffice prints them."""
    answers = {path: target for (what, path), target in office_answers.items() if what == "picture"}
    return {path: failure(target) or printed(target) for path, target in answers.items()}
