"""The keeper of a run's leases on demand: most runs hold no lock, and don't pay for its import."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from .leases import LeaseKeeper


class KeeperOnDemand:
    """Makes the keeper when somebody first asks for it."""

    def __init__(self, ledger: Path) -> None:
        self._ledger = ledger
        self._guard = threading.Lock()
        self._keeper: LeaseKeeper | None = None

    def get(self) -> LeaseKeeper:
        """The keeper, one for the run."""
        from .leases import LeaseKeeper

        with self._guard:
            if self._keeper is None:
                self._keeper = LeaseKeeper(self._ledger)
            return self._keeper

    def close(self) -> None:
        """Renew nothing any more, if anything was held."""
        if self._keeper is not None:
            self._keeper.close()
