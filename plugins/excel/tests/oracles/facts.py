"""All in a workbook that refers to rows, in sections, each under the name on its tab."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

from plugins.excel.tests.oracles.opc import Package, attribute, child, elements, local, text_of

#: Where else formulas of a workbook stand.
CHARTS, CHARTS_OF_2014 = "chart", "chartEx"


def facts_of(package: Package) -> dict[str, Any]:
    """Sections by name; one in which there is nothing is left out."""
    found: dict[str, Any] = {"names": _names(package), "tables": {}, "charts": {}, "pivot sources": _pivots(package)}
    for name, part in package.sheets.items():
        root = package.root(part)
        for section, read in OF_SHEETS.items():
            found[f"{name} {section}"] = read(package, part, root)
        found["tables"].update(_tables(package, part))
        found["charts"].update(_charts(package, part))
    return {section: facts for section, facts in found.items() if facts}


def _names(package: Package) -> dict[str, str]:
    sheets = list(package.sheets)
    found = {}
    for name in elements(package.root(package.workbook), "definedName"):
        scope = name.attrib.get("localSheetId")
        key = name.attrib["name"] if scope is None else f"{sheets[int(scope)]}!{name.attrib['name']}"
        found[key] = name.text
    return found


def _pivots(package: Package) -> dict[str, str]:
    found = {}
    for cache in package.related(package.workbook, "pivotCacheDefinition"):
        root = package.root(cache)
        for source in elements(root, "worksheetSource"):
            told = source.attrib
            found[cache] = told.get("name") or f"{told.get('sheet')}!{told.get('ref')}"
            found[cache] += " refreshed on load" if root.attrib.get("refreshOnLoad") in {"1", "true"} else ""
    return found


def _pivot_places(package: Package, part: str, _root: ET.Element) -> list[str]:
    return [
        each.attrib["ref"]
        for pivot in package.related(part, "pivotTable")
        for each in package.root(pivot)
        if local(each.tag) == "location"
    ]


def _tables(package: Package, part: str) -> dict[str, str]:
    found = {}
    for table in package.related(part, "table"):
        root = package.root(table)
        filtered = child(root, "autoFilter")
        columns = [text_of(each, "calculatedColumnFormula") for each in elements(root, "tableColumn")]
        said = [root.attrib["ref"], "" if filtered is None else f"filter {filtered.attrib['ref']}"]
        said += [f"column {formula}" for formula in columns if formula]
        said += [f"sorted {each.attrib['ref']}" for each in elements(root, "sortState")]
        found[root.attrib["displayName"]] = ", ".join(each for each in said if each)
    return found


def _charts(package: Package, part: str) -> dict[str, list[str]]:
    found = {}
    for drawing in package.related(part, "drawing"):
        for chart in package.related(drawing, CHARTS) + package.related(drawing, CHARTS_OF_2014):
            found[chart] = [each.text or "" for each in elements(package.root(chart), "f")]
    return found


def _formulas(_package: Package, _part: str, root: ET.Element) -> dict[str, str]:
    """Each cell's formula; of those that share one, what each of them says."""
    from openpyxl.formula.translate import Translator

    found: dict[str, str] = {}
    masters: dict[str, Translator] = {}
    for reference, cell in _cells(root):
        formula = child(cell, "f")
        if formula is None:
            continue
        kind, index = formula.attrib.get("t", "normal"), formula.attrib.get("si", "")
        if kind == "shared" and formula.text:
            masters[index] = Translator(f"={formula.text}", reference)
        if kind == "shared" and not formula.text:
            found[reference] = masters[index].translate_formula(reference)[1:]
        elif kind in {"array", "dataTable"}:
            found[reference] = f"{kind} {formula.attrib.get('ref')} {formula.text or ''}".strip()
        else:
            found[reference] = formula.text or ""
    return found


def _cells(root: ET.Element) -> list[tuple[str, ET.Element]]:
    from openpyxl.utils.cell import coordinate_to_tuple, get_column_letter

    found, number = [], 0
    for row in elements(root, "row"):
        number = int(row.attrib.get("r", number + 1))
        column = 0
        for cell in row:
            column = coordinate_to_tuple(cell.attrib["r"])[1] if "r" in cell.attrib else column + 1
            found.append((f"{get_column_letter(column)}{number}", cell))
    return found


def _metadata(_package: Package, _part: str, root: ET.Element) -> dict[str, str]:
    """Cells that are more than their value: pictures in cells, arrays that spill."""
    said = {cell: [f"{key}={of.attrib[key]}" for key in ("vm", "cm") if key in of.attrib] for cell, of in _cells(root)}
    return {cell: " ".join(words) for cell, words in said.items() if words}


def _references(container: str) -> Callable[[Package, str, ET.Element], list[str]]:
    """Of elements that are nothing but a range."""

    def read(_package: Package, _part: str, root: ET.Element) -> list[str]:
        found = [each.attrib.get("ref") or each.attrib.get("sqref") for each in elements(root, container)]
        return sorted(each for each in found if each)

    return read


def _formats(_package: Package, _part: str, root: ET.Element) -> list[str]:
    found = []
    for each in elements(root, "conditionalFormatting"):
        sqref = each.attrib.get("sqref")
        formulas = [part.text for part in each.iter() if local(part.tag) in {"formula", "f"} and part.text]
        # A bound of a scale may be a formula, whatever its type says.
        bounds = [part.attrib.get("val", "") for part in elements(each, "cfvo")]
        formulas += [bound for bound in bounds if any(character.isalpha() for character in bound)]
        found.append(": ".join([f"{sqref or 'x14 ' + text_of(each, 'sqref')}", " | ".join(formulas)]))
    return sorted(found)


def _validations(_package: Package, _part: str, root: ET.Element) -> list[str]:
    found = []
    for each in elements(root, "dataValidation"):
        sqref = each.attrib.get("sqref") or "x14 " + text_of(each, "sqref")
        formulas = [_innermost(part) for part in each if local(part.tag) in {"formula1", "formula2"}]
        found.append(f"{sqref}: {' | '.join(formulas)}")
    return sorted(found)


def _innermost(element: ET.Element) -> str:
    return "".join(element.itertext()).strip()


def _filter(_package: Package, _part: str, root: ET.Element) -> list[str]:
    found = child(root, "autoFilter")
    if found is None:
        return []
    sorting = [*elements(found, "sortState"), *elements(found, "sortCondition")]
    return [found.attrib["ref"], *(f"sorted {each.attrib['ref']}" for each in sorting)]


def _links(package: Package, part: str, root: ET.Element) -> dict[str, str]:
    found = {}
    for each in elements(root, "hyperlink"):
        ids = [value for key, value in each.attrib.items() if key.endswith("}id")]
        target = package.target(part, ids[0]) if ids else ""
        found[each.attrib["ref"]] = "#".join(filter(None, [target, each.attrib.get("location")]))
    for drawing in package.related(part, "drawing"):
        found |= {
            f"{drawing} {each.id}": each.target for each in package.relationships(drawing) if each.kind == "hyperlink"
        }
    return found


def _heights(_package: Package, _part: str, root: ET.Element) -> dict[int, str]:
    """What is said of rows themselves: their height, level and whether they are hidden."""
    found, number = {}, 0
    for row in elements(root, "row"):
        number = int(row.attrib.get("r", number + 1))
        given = {key: value for key, value in row.attrib.items() if value not in {"0", "false"}}
        said = {key: given[key] for key in ("outlineLevel", "hidden", "collapsed") if key in given}
        if "customHeight" in given:
            said["ht"] = row.attrib["ht"]
        if said:
            found[number] = " ".join(f"{key}={value}" for key, value in sorted(said.items())).replace("true", "1")
    return found


def _breaks(_package: Package, _part: str, root: ET.Element) -> list[int]:
    return [int(each.attrib["id"]) for group in elements(root, "rowBreaks") for each in elements(group, "brk")]


def _comments(package: Package, part: str, _root: ET.Element) -> dict[str, str]:
    found = {}
    for kind, name in (("comments", "comment"), ("threadedComment", "threadedComment")):
        for comments in package.related(part, kind):
            for each in elements(package.root(comments), name):
                key = each.attrib["ref"] + (" thread" if name == "threadedComment" else "")
                found[key] = "".join(each.itertext()).strip()
    return found


def _legacy(package: Package, part: str, _root: ET.Element) -> list[str]:
    """Shapes of the old drawing: of comments the row of their cell, of controls their cells; and the anchors' rows."""
    found = []
    for drawing in package.related(part, "vmlDrawing"):
        for data in elements(package.root(drawing), "ClientData"):
            anchor = text_of(data, "Anchor").replace(" ", "").replace("\n", "").split(",")
            kind = data.attrib["ObjectType"]
            # A note's box floats beside its cell; where it stands is no fact.
            said = [kind, f"rows {anchor[2]}-{anchor[6]}" if len(anchor) > 6 and kind != "Note" else ""]
            said += [f"{local(each.tag)} {each.text}" for each in data if local(each.tag) in CELLS_OF_SHAPES]
            found.append(" ".join(filter(None, said)))
    return found


CELLS_OF_SHAPES = {"Row", "Column", "FmlaLink", "FmlaRange", "FmlaMacro", "FmlaGroup", "FmlaTxbx"}


def _drawing(package: Package, part: str, _root: ET.Element) -> list[str]:
    """Each object: its name, and its rows from and to as they are written, from zero."""
    found = []
    for drawing in package.related(part, "drawing"):
        for anchor in package.root(drawing):
            name = next((each.attrib.get("name", "") for each in elements(anchor, "cNvPr")), "")
            ends = [text_of(each, "row") for each in anchor if local(each.tag) in {"from", "to"}]
            linked = [each.attrib["textlink"] for each in elements(anchor, "sp") if each.attrib.get("textlink")]
            found.append(" ".join(["-".join(ends), name, *linked]).strip())
    return found


def _sparklines(_package: Package, _part: str, root: ET.Element) -> dict[str, str]:
    return {text_of(each, "sqref"): text_of(each, "f") for each in elements(root, "sparkline")}


def _controls(package: Package, part: str, root: ET.Element) -> list[str]:
    """Form controls of newer programs: anchors in the sheet, cells in a part of their own."""
    found = []
    for each in elements(root, "control"):
        ends = [text_of(end, "row") for end in each.iter() if local(end.tag) in {"from", "to"}]
        properties = package.root(package.target(part, attribute(each, "id"))).attrib
        linked = [f"{key} {value}" for key, value in sorted(properties.items()) if key.startswith("fmla")]
        found.append(" ".join(["-".join(ends), *linked]))
    return found


OF_SHEETS: dict[str, Callable[[Package, str, ET.Element], Any]] = {
    "formulas": _formulas,
    "metadata": _metadata,
    "merges": _references("mergeCell"),
    "formats": _formats,
    "validations": _validations,
    "filter": _filter,
    "links": _links,
    "rows": _heights,
    "breaks": _breaks,
    "comments": _comments,
    "legacy shapes": _legacy,
    "drawing": _drawing,
    "sparklines": _sparklines,
    "controls": _controls,
    "pivot places": _pivot_places,
    "ignored errors": _references("ignoredError"),
    "protected ranges": _references("protectedRange"),
    "scenarios": lambda _package, _part, root: [each.attrib["r"] for each in elements(root, "inputCells")],
    "watches": lambda _package, _part, root: [each.attrib["r"] for each in elements(root, "cellWatch")],
}
