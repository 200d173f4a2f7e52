"""The schedule file: what is to run when, read and checked before anything runs."""
