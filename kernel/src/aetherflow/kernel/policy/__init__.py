"""The runtime profile in force: which code may run here and how strictly, decided once."""
