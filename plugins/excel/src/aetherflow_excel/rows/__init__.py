"""Tables from files and flows: their columns' types, and their rows as cells in a worksheet's XML."""

from __future__ import annotations
