"""What a workbook holds: sheets, names, cells, tables; read only."""
