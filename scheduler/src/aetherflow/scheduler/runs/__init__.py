"""Runs of flows as processes of their own."""
