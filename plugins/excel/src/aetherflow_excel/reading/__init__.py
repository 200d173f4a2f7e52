"""A sheet, or a part of one, as a table: where it is, what its columns hold, and the file that it becomes."""
