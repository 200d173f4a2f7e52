"""What happens to every part of a workbook when rows are inserted into its sheets."""
