"""Whose policy counts: not that of somebody who only could write into a folder above the flow."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from ..errors import RefusedByPolicy

if TYPE_CHECKING:
    from pathlib import Path


def refuse_planted(file: Path, *, start: Path | None = None) -> None:
    """Refuse a policy file that somebody else made, or that anybody may write.

    Args:
        file: the policy.
        start: the flow's file or folder that it is found from. Whose flow is run is trusted with its policy too:
            in a container, both often belong to another user than the process. The same goes for who may write it.

    Raises:
        RefusedByPolicy: it is not to be trusted.
    """
    trusted = {0, os.geteuid()}
    is_open = False
    if start is not None and (flow := _look(start)) is not None:
        trusted.add(flow.st_uid)
        is_open = bool(flow.st_mode & stat.S_IWOTH)
    # The name itself, and the file that it leads to, if it does: whoever reads it tells where it does not.
    looked_at = [file.lstat(), *filter(None, [_look(file)])]
    for found in looked_at:
        if found.st_uid not in trusted:
            raise RefusedByPolicy(
                f"{file} belongs to user {found.st_uid}, who is neither root, nor you, nor the owner of the flow",
                code="AF-POLICY-FOREIGN",
                help="remove it, or change its owner; or put an aetherflow.yaml of your own beside the flow",
            )
    if not stat.S_ISLNK(looked_at[-1].st_mode) and looked_at[-1].st_mode & stat.S_IWOTH and not is_open:
        raise RefusedByPolicy(
            f"anybody may write {file}", code="AF-POLICY-FOREIGN", help="take the right away: `chmod o-w`"
        )


def _look(start: Path) -> os.stat_result | None:
    try:
        return start.stat()
    except OSError:
        return None
