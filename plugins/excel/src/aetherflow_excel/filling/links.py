"""Links that texts in new cells become where a flow asks for it: in the sheet, and in its relationships."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from ..package.patching import Patcher

if TYPE_CHECKING:
    from ..rows.links import Links

#: What stands behind the links of a sheet.
AFTER_LINKS = frozenset(
    {
        "main:printOptions",
        "main:pageMargins",
        "main:pageSetup",
        "main:headerFooter",
        "main:rowBreaks",
        "main:colBreaks",
        "main:customProperties",
        "main:cellWatches",
        "main:ignoredErrors",
        "main:smartTags",
        "main:drawing",
        "main:legacyDrawing",
        "main:legacyDrawingHF",
        "main:drawingHF",
        "main:picture",
        "main:oleObjects",
        "main:controls",
        "main:webPublishItems",
        "main:tableParts",
        "main:extLst",
    }
)


class SheetLinks:
    """The links of one sheet; they are known when its rows are written."""

    def __init__(self, found: Sequence[Links], taken_ids: Iterable[str], namespace: str) -> None:
        self._found = found
        self._namespace = namespace
        taken = frozenset(taken_ids)
        self._ids = (name for number in count(1) if (name := f"rIdLink{number}") not in taken)
        #: The relationships that were named: their ids and addresses.
        self.targets: list[tuple[str, str]] = []

    def elements(self, prefix: str) -> Iterator[bytes]:
        """The elements of all links, to be asked for behind the rows."""
        for links in self._found:
            for cell, address in links.targets:
                name = next(self._ids)
                self.targets.append((name, address))
                yield f'<{prefix}hyperlink ref="{cell}" xmlns:r="{self._namespace}" r:id="{name}"/>'.encode()

    def list_element(self, prefix: str) -> Iterator[bytes]:
        """The same within the element that is for them; nothing without links."""
        if any(links.targets for links in self._found):
            yield f"<{prefix}hyperlinks>".encode()
            yield from self.elements(prefix)
            yield f"</{prefix}hyperlinks>".encode()


class LinkTargets(Patcher):
    """The relationships of a sheet, with the addresses of its links."""

    def __init__(self, links: SheetLinks, namespace: str) -> None:
        self._links = links
        self._namespace = namespace

    def end(self, tag: str) -> Iterable[bytes]:
        """Add the addresses."""
        if tag != "rel:Relationships":
            return ()
        return (
            f'<Relationship Id="{name}" Type="{self._namespace}/hyperlink" Target={quoteattr(address)} '
            'TargetMode="External"/>'.encode()
            for name, address in self._links.targets
        )
