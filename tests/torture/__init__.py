"""Harnesses that try to break a run: kills, power cuts, full disks, storms on a lock.

Each prints the figures that docs/reliability.md keeps. In `nox -s tests` they run in a short form, in
`nox -s torture` in full; `AETHERFLOW_TORTURE` scales them (1.0 is the full length). Each of them is also run
against mutants: copies of the code with one protection taken out, which it must find.
"""
