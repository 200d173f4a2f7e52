"""Every link from page to page leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import name_of, pages, prose_of

pytestmark = pytest.mark.unit

LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
ELSEWHERE = ("https://", "http://", "mailto:")


def anchors_of(page: Path) -> set[str]:
    headings = (re.sub(r"[`*]", "", heading).strip().lower() for heading in HEADING.findall(prose_of(page)))
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in headings}


def is_broken(page: Path, target: str) -> bool:
    place, _, anchor = target.partition("#")
    found = (page.parent / place).resolve() if place else page
    return not found.exists() or bool(anchor and found.suffix == ".md" and anchor not in anchors_of(found))


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    targets = [found["target"] for found in LINK.finditer(prose_of(page))]

    broken = [target for target in targets if not target.startswith(ELSEWHERE) and is_broken(page, target)]

    assert not broken, f"{name_of(page)}: {broken}"


def test_broken_links_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A page, of `code`\n", encoding="utf-8")

    assert not is_broken(page, "#a-page-of-code")
    assert is_broken(page, "#another")
    assert is_broken(page, "missing.md")
