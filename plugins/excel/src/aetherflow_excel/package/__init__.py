"""A workbook as what it is, a zip of XML parts: read with care, patched, written with all the rest as it was."""
