"""A new workbook from tables: what its sheets are to be, and their cells."""
