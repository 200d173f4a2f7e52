"""What a workbook is made of, for people who are about to fill it."""
