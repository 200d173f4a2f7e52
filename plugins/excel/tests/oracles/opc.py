"""A workbook's parts as another program sees them: nothing here is shared with the plugin."""

from __future__ import annotations

import posixpath
import struct
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree as ET

#: Strict documents say the same by other names.
STRICT = "http://purl.oclc.org/ooxml/"
TRANSITIONAL = "http://schemas.openxmlformats.org/"
LOCAL_HEADER = struct.Struct("<4s5H3L2H")


@dataclass(frozen=True)
class Relationship:
    id: str
    kind: str
    target: str
    external: bool


@dataclass(frozen=True)
class Package:
    path: Path

    @cached_property
    def parts(self) -> dict[str, bytes]:
        with zipfile.ZipFile(self.path) as archive:
            names = archive.namelist()
            assert len(names) == len(set(names)), f"parts stand twice in {self.path.name}"
            return {name: archive.read(name) for name in names}

    @cached_property
    def compressed(self) -> dict[str, tuple[int, bytes]]:
        """Each part's method and bytes as they are in the file."""
        found = {}
        with zipfile.ZipFile(self.path) as archive, self.path.open("rb") as file:
            for info in archive.infolist():
                file.seek(info.header_offset)
                header = LOCAL_HEADER.unpack(file.read(LOCAL_HEADER.size))
                file.seek(header[-2] + header[-1], 1)
                found[info.filename] = (info.compress_type, file.read(info.compress_size))
        return found

    def root(self, part: str) -> ET.Element:
        return ET.fromstring(self.parts[part])  # noqa: S314 - the files are the tests' own

    def relationships(self, part: str = "") -> list[Relationship]:
        folder, name = posixpath.split(part)
        rels = posixpath.join(folder, "_rels", f"{name}.rels")
        if rels not in self.parts:
            return []
        return [self._relationship(folder, each) for each in self.root(rels)]

    def related(self, part: str, kind: str) -> list[str]:
        """The parts that a part names by one kind of relationship."""
        return [each.target for each in self.relationships(part) if each.kind == kind and not each.external]

    def target(self, part: str, relationship_id: str) -> str:
        return next(each.target for each in self.relationships(part) if each.id == relationship_id)

    @cached_property
    def workbook(self) -> str:
        return self.related("", "officeDocument")[0]

    @cached_property
    def sheets(self) -> dict[str, str]:
        """The part of each sheet, by the name on its tab."""
        found = {}
        for sheet in elements(self.root(self.workbook), "sheet"):
            found[sheet.attrib["name"]] = self.target(self.workbook, attribute(sheet, "id"))
        return found

    def _relationship(self, folder: str, element: ET.Element) -> Relationship:
        target, external = element.attrib["Target"], element.attrib.get("TargetMode") == "External"
        # A place in the workbook itself is no part.
        if not external and not target.startswith("#"):
            target = posixpath.normpath(posixpath.join("/", folder, unquote(target).partition("#")[0])).removeprefix(
                "/"
            )
        kind = element.attrib["Type"].rpartition("/")[2]
        return Relationship(element.attrib["Id"], kind, target, external)


def local(tag: str) -> str:
    return tag.rpartition("}")[2]


def elements(root: ET.Element, name: str) -> list[ET.Element]:
    """All below an element with a local name, in document order."""
    return [each for each in root.iter() if local(each.tag) == name]


def child(element: ET.Element, name: str) -> ET.Element | None:
    return next((each for each in element if local(each.tag) == name), None)


def attribute(element: ET.Element, name: str) -> str:
    """An attribute by its local name, whatever its namespace."""
    return next(value for key, value in element.attrib.items() if local(key) == name and key != name)


def text_of(element: ET.Element, name: str) -> str:
    found = next(iter(elements(element, name)), None)
    return "" if found is None else found.text or ""
