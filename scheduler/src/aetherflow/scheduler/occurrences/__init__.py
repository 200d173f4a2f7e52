"""Occurrences: what was due, who took it, and what became of it; a row each, and each once."""
