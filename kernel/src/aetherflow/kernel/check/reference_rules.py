"""The rules about what templates and conditions refer to; a flow without any imports none of them."""

from __future__ import annotations

from .conditions import check_conditions
from .environment import check_environment
from .missing import check_missing
from .parts import check_parts
from .references import check_references
from .rules import Rule
from .secrets import check_secrets
from .value_types import check_value_types

REFERENCE_RULES: tuple[Rule, ...] = (
    check_references,
    check_missing,
    check_parts,
    check_value_types,
    check_conditions,
    check_secrets,
    check_environment,
)
