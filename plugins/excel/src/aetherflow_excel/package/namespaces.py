"""Names of XML elements, written alike whatever prefixes a file has chosen."""

from __future__ import annotations

from functools import lru_cache

_OFFICE = "http://schemas.openxmlformats.org/"
_STRICT = "http://purl.oclc.org/ooxml/"
_MICROSOFT = "http://schemas.microsoft.com/office/"

#: Our prefixes. A strict workbook has other namespaces than the usual, transitional one, and means the same.
_PREFIXES = {
    "http://www.w3.org/XML/1998/namespace": "xml",
    _OFFICE + "package/2006/content-types": "types",
    _OFFICE + "package/2006/relationships": "rel",
    _OFFICE + "spreadsheetml/2006/main": "main",
    _STRICT + "spreadsheetml/main": "main",
    _OFFICE + "officeDocument/2006/relationships": "r",
    _STRICT + "officeDocument/relationships": "r",
    _OFFICE + "drawingml/2006/spreadsheetDrawing": "xdr",
    _STRICT + "drawingml/spreadsheetDrawing": "xdr",
    _OFFICE + "drawingml/2006/main": "a",
    _STRICT + "drawingml/main": "a",
    _OFFICE + "drawingml/2006/chart": "c",
    _STRICT + "drawingml/chart": "c",
    _OFFICE + "drawingml/2006/chartDrawing": "cdr",
    _STRICT + "drawingml/chartDrawing": "cdr",
    _OFFICE + "markup-compatibility/2006": "mc",
    _MICROSOFT + "drawing/2007/8/2/chart": "c14",
    _MICROSOFT + "drawing/2012/chart": "c15",
    _MICROSOFT + "drawing/2014/chart": "c16",
    _MICROSOFT + "drawing/2014/chartex": "cx",
    _MICROSOFT + "drawing/2010/slicer": "sle",
    _MICROSOFT + "drawing/2012/slicer": "sle15",
    _MICROSOFT + "drawing/2010/main": "a14",
    _MICROSOFT + "spreadsheetml/2009/9/main": "x14",
    _MICROSOFT + "spreadsheetml/2009/9/ac": "x14ac",
    _MICROSOFT + "spreadsheetml/2010/11/main": "x15",
    _MICROSOFT + "spreadsheetml/2010/11/ac": "x15ac",
    _MICROSOFT + "spreadsheetml/2011/1/ac": "x12ac",
    _MICROSOFT + "spreadsheetml/2014/revision": "xr",
    _MICROSOFT + "spreadsheetml/2015/revision2": "xr2",
    _MICROSOFT + "spreadsheetml/2016/revision3": "xr3",
    _MICROSOFT + "spreadsheetml/2018/threadedcomments": "tc",
    _MICROSOFT + "excel/2006/main": "xm",
    "urn:schemas-microsoft-com:vml": "vml",
    "urn:schemas-microsoft-com:office:office": "o",
    "urn:schemas-microsoft-com:office:excel": "x",
}


@lru_cache(maxsize=4096)
def tag_of(expanded: str) -> str:
    """The tag `prefix:local` of a name as expat expands it; `{namespace}local` where we have no prefix for it."""
    namespace, space, local = expanded.partition(" ")
    if not space:
        return expanded
    local = local.partition(" ")[0]
    prefix = _PREFIXES.get(namespace)
    return f"{prefix}:{local}" if prefix else f"{{{namespace}}}{local}"
