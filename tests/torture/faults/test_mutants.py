"""The harness is evidence because it finds each protection that is taken out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pytest

from tests.torture.mutants import Mutant, environment_of

from .harness import make_harness
from .injection import Fault, points, require_strace

pytestmark = pytest.mark.slow

_LEDGER = "aetherflow/kernel/state/connection.py"
_PUBLISH = "aetherflow/kernel/files/publish.py"
_DIGESTS = "aetherflow/kernel/files/digests.py"
_REPLACE = "        os.replace(source.name, target.name, src_dir_fd=source.folder, dst_dir_fd=target.folder)"


@dataclass(frozen=True, slots=True)
class Hunt:
    """A mutant, the call whose failing shows it, and the kinds of what is found then."""

    mutant: Mutant
    call: str
    kinds: frozenset[str]


HUNTS = [
    Hunt(
        Mutant(
            name="a commit that failed is taken for one that went well",
            file=_LEDGER,
            old="            self._roll_back(failed)\n            self._tell(failed)\n            raise",
            new="            self._roll_back(failed)",
        ),
        "pwrite64",
        frozenset({"lost"}),
    ),
    Hunt(
        Mutant(
            name="the ledger is synced again after its device failed",
            file=_LEDGER,
            old="        if isinstance(error, apsw.IOError):",
            new="        if isinstance(error, str):",
        ),
        "fdatasync",
        frozenset({"retried"}),
    ),
    Hunt(
        Mutant(
            name="a failed commit is tried once more, whatever failed",
            file=_LEDGER,
            old="        failure.may_be_tried_again = not isinstance(error, apsw.IOError | apsw.CorruptError)\n",
            new="        Transaction.__enter__ = lambda self: (self._guard.acquire(), self._connection.execute('BEGIN'))\n",
        ),
        "fdatasync",
        frozenset({"retried"}),
    ),
    Hunt(
        Mutant(
            name="what stands in the place is removed first",
            file=_PUBLISH,
            old=_REPLACE,
            new="        with contextlib.suppress(FileNotFoundError):\n"
            f"            os.unlink(target.name, dir_fd=target.folder)\n{_REPLACE}",
        ),
        "renameat",
        frozenset({"lost"}),
    ),
    Hunt(
        Mutant(
            name="a file that could not be brought to the disk is published",
            file=_DIGESTS,
            old="        os.fsync(descriptor)\n        return _digest_of(descriptor)",
            new="        try:\n            os.fsync(descriptor)\n        finally:\n            return _digest_of(descriptor)",
        ),
        "fsync",
        frozenset({"ignored"}),
    ),
    Hunt(
        Mutant(
            name="a file that could not be put in its place is taken for published",
            file=_PUBLISH,
            old=_REPLACE,
            new=f"        with contextlib.suppress(OSError):\n    {_REPLACE}",
        ),
        "renameat",
        frozenset({"differences"}),
    ),
]


@pytest.mark.parametrize("hunt", HUNTS, ids=lambda hunt: hunt.mutant.name)
def test_the_harness_finds_the_mutant(hunt, tmp_path):
    require_strace()
    environment = environment_of(hunt.mutant, tmp_path / "source", {})
    harness = make_harness(tmp_path, tmp_path / "compiled", has_ledger=True, **environment)
    faults = [fault for fault in points(harness.record) if fault.call == hunt.call and not fault.is_lasting]
    kinds: set[str] = set()
    for some in _batches(faults):
        kinds |= set(harness.inject(some).wrong)
        if kinds & hunt.kinds:
            break
    print(f"mutant {hunt.mutant.name!r}: found as {sorted(kinds) or 'nothing'}")
    assert kinds & hunt.kinds


def _batches(faults: list[Fault]) -> Iterable[list[Fault]]:
    """Backwards: what fails late comes after something that can be lost."""
    size = 3
    backwards = faults[::-1]
    return (backwards[place : place + size] for place in range(0, len(backwards), size))
