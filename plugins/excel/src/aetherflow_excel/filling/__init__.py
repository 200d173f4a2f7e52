"""Templates filled: which rows go where, the sheets with them in it, and what became of every part."""
