"""Kills a run at every moment that it has, and looks whether it goes on as if nothing had happened (R1, R3–R6, R28)."""
