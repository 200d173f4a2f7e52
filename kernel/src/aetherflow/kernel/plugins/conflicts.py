"""Names that two plugins claim: an error for both, never the last one wins."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from ..policy.profile import RuntimeProfile
from ..policy.rules import normalised_name
from ..quick_dataclasses import replace
from .records import PluginRecord, PluginState


def with_conflicts(records: Sequence[PluginRecord], profile: RuntimeProfile) -> list[PluginRecord]:
    """The records, those that claim a name twice marked; denied ones claim nothing but their package."""
    claims: defaultdict[str, list[PluginRecord]] = defaultdict(list)
    for record in records:
        for claim in _claims(record, profile):
            claims[claim].append(record)
    doubled = {claim: claimants for claim, claimants in claims.items() if len(claimants) > 1}
    return [_marked(record, doubled) for record in records]


def _claims(record: PluginRecord, profile: RuntimeProfile) -> Iterator[str]:
    if not record.is_local:
        yield f"package {record.anchor}"
    if record.is_ready:
        yield f"plugin {normalised_name(record.name)}" if not record.is_local else f"folder {record.distribution}"
        for each in record.manifest.contributions if record.manifest else ():
            if profile.decide(record.identity, each).allowed:
                yield f"{each.kind} {each.name}"


def _marked(record: PluginRecord, doubled: dict[str, list[PluginRecord]]) -> PluginRecord:
    if not record.is_ready:
        return record
    for claim, claimants in doubled.items():
        if any(claimant is record for claimant in claimants):
            others = ", ".join(_told(claimant) for claimant in claimants if claimant is not record)
            mend = "deny or uninstall one of them" if not record.is_local else "give it another name"
            return replace(record, state=PluginState.CONFLICT, why=f"{claim} is also claimed by {others}", mend=mend)
    return record


def _told(record: PluginRecord) -> str:
    return f"{record.name} ({record.distribution})"


def reserved_by_others(record: PluginRecord, steps: Iterable[str], installed: Iterable[str]) -> str | None:
    """Why a local folder may not have its names, or null where it may."""
    taken = {*steps, *installed}
    for each in record.manifest.contributions if record.manifest else ():
        if each.name in taken:
            return f"{each.kind} {each.name} is that of an installed plugin, or reserved to one"
    return None
