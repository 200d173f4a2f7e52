"""What decodes the settings of these flows; while a flow is only checked, nothing is decoded."""

from __future__ import annotations

import base64


def decode(text: str) -> str:
    """What the encoded text means."""
    return base64.b64decode(text).decode()
