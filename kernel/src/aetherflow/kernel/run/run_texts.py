"""Values with `{{run.…}}` in them, which somebody outside of a flow renders for each run that is to start."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ..contracts.spelling import did_you_mean
from ..errors import Problem, TemplateError
from ..quick_dataclasses import dataclass, replace
from ..resolve.templates import compile_value
from ..resolve.text import fit
from .parameters import scheduled_facts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from ..contracts.records import Json
    from ..errors import YamlPath
    from ..resolve.references import Reference
    from ..resolve.templates import Template
    from ..spec.document import Document

_ROOTS = frozenset({"run"})
_KNOWN = ("date", "id", "scheduled_time")


@dataclass(frozen=True, slots=True)
class RunTexts:
    """Values whose tokens are found and checked; renders as often as asked."""

    template: Template

    def render(self, *, run_id: str, scheduled_time: datetime) -> dict[str, Json]:
        """The values for one run; what is no text with a token stays as it is.

        Raises:
            TemplateError: a text would get too long.
            InvalidInput: the scheduled time has no offset.
        """
        rendered = self.template.render({"run": scheduled_facts(run_id, scheduled_time)})
        return dict(cast("dict[str, Json]", fit(rendered, {})))


def compile_run_texts(
    values: Mapping[str, object], *, document: Document | None = None, path: YamlPath = ()
) -> RunTexts:
    """Find the tokens of values that may name `run.id`, `run.date` and `run.scheduled_time`, and nothing else.

    Args:
        values: as they stand in a document; what stands under `!raw` is never rendered.
        document: where they stand, so that problems have their place.
        path: of the values in it.

    Raises:
        TemplateError: tokens are written wrongly, or name something else; holds all problems.
    """
    try:
        template = compile_value(dict(values), roots=_ROOTS, path=path)
        problems = [_unknown(reference) for reference in template.references if not _is_known(reference)]
        if problems:
            raise TemplateError.of(problems)
    except TemplateError as error:
        if document is None:
            raise
        raise TemplateError.of(replace(each, where=document.where(each.path)) for each in error.problems) from None
    return RunTexts(template)


def _is_known(reference: Reference) -> bool:
    return len(reference.parts) == 2 and reference.parts[1] in _KNOWN  # noqa: PLR2004 - the root and one name


def _unknown(reference: Reference) -> Problem:
    name = ".".join(reference.parts[1:])
    return Problem(
        code="AF-UNKNOWN-REFERENCE",
        message=f"there is no {reference.dotted!r} to refer to here; there are: run.{', run.'.join(_KNOWN)}",
        help=did_you_mean(name, _KNOWN) if name else "",
        path=reference.path,
    )
