"""Cells and ranges of cells, by number and by name."""
