"""What every rule gets: the flow's index, and what surrounds it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from ..errors import Problem
from ..quick_dataclasses import dataclass
from ..resolve.resource_profiles import ResourceProfile
from ..spec.models import Step
from .contributions import Contributions
from .definitions import FlowIndex, JobIndex
from .validators import Validators

if TYPE_CHECKING:
    from .destinations import Destinations
    from .referents import Referents


class Values:
    """What the references of a flow stand for, and where that goes; a flow without references imports neither."""

    def __init__(self, flow: FlowIndex, contributions: Contributions, validators: Validators) -> None:
        self._flow = flow
        self._contributions = contributions
        self._validators = validators

    @cached_property
    def referents(self) -> Referents:
        """What references stand for."""
        from .referents import Referents

        return Referents(self._flow, self._contributions)

    @cached_property
    def destinations(self) -> Destinations:
        """Where values go."""
        from .destinations import Destinations

        return Destinations(self._contributions, self._validators)


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What is known of the start that a flow is checked for."""

    #: Whether steps may hand a text to a shell.
    may_use_shell: bool = True
    #: Whether the project names a module that decodes what is encoded in settings.
    has_secrets_hook: bool = True
    #: Whether the start says for when the run was planned, as those of schedulers do.
    is_scheduled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A flow that is checked, in its surroundings."""

    flow: FlowIndex
    contributions: Contributions
    validators: Validators
    #: What references stand for, and where that goes.
    values: Values
    environment: Mapping[str, str]
    #: The resource profiles by name; null where they can't be known.
    resource_profiles: Mapping[str, ResourceProfile] | None
    is_environment_strict: bool
    circumstances: Circumstances
    #: The steps that say how they are run: under which condition, how often, how long, or for which items.
    directed_steps: Sequence[tuple[JobIndex, Step]]


#: One concern: yields what is wrong, in any order, with paths; places may be left out.
Rule: TypeAlias = Callable[[Subject], Iterable[Problem]]
