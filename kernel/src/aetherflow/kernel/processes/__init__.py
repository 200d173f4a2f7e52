"""External processes, run to their end together with everything that they start."""

from __future__ import annotations

from .spawn import supervise

__all__ = ["supervise"]
