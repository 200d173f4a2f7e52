"""Doing it: a run, its jobs, their steps, one attempt at a time."""
