"""Kills a run at every moment that it has, and looks whether it goes on as if nothing had happened (R1, R3 to R6, R28)."""
