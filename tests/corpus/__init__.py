"""Flows with one mistake each, and flows without any: what `validate` says of them is counted."""
