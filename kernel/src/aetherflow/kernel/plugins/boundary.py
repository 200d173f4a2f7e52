"""The border between the kernel and a plugin's code: what is raised beyond it becomes one kind of error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from ..errors import PluginError, Stopped

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    from _typeshed.importlib import MetaPathFinderProtocol

#: How much is shown of what went wrong, at most. Cut once it is masked: a cut before could leave half a secret.
LONGEST_MESSAGE = 4_000
_MAX_TEXT = 5 * LONGEST_MESSAGE
_CHANGING_FINDERS = Lock()


@contextmanager
def plugin_boundary(plugin: str, doing: str, *, passing: tuple[type[BaseException], ...] = ()) -> Iterator[None]:
    """Run a plugin's code; whatever it raises, an exit included, hurts only who asked for it.

    Args:
        plugin: whose code it is.
        doing: what for, in the past.
        passing: what it may raise as it is, beside what always passes.

    Raises:
        PluginError: with type and message of the cause.
    """
    try:
        yield
    except BaseException as error:  # a plugin may raise anything, SystemExit too, and must hurt nobody else
        if isinstance(error, (KeyboardInterrupt, Stopped, PluginError, *passing)):
            raise
        raise PluginError(
            f"plugin {plugin} broke while {doing}: {told(error)}",
            code="AF-PLUGIN-BROKEN",
            help="mend the plugin, install another version of it, or do without it",
        ) from error


def told(error: BaseException) -> str:
    """Type and message of an exception, on one line."""
    try:
        text = " ".join(str(error).split())
    except BaseException:  # noqa: BLE001 - the exception is the plugin's too, and so is its __str__
        text = ""
    return f"{type(error).__name__}{': ' if text else ''}{text[:_MAX_TEXT]}"


def contract_error(plugin: str, what: str, mend: str) -> PluginError:
    """The error that a plugin does not keep to the contract."""
    return PluginError(f"plugin {plugin} {what}", code="AF-PLUGIN-CONTRACT", help=mend)


def shown(given: object) -> str:
    """A thing of a plugin's code, as its author knows it."""
    name = getattr(given, "__qualname__", None)
    return f"{given.__module__}.{name}" if isinstance(name, str) else f"a {type(given).__name__}"


@contextmanager
def blocked_imports(blocked: Mapping[str, str]) -> Iterator[None]:
    """Keep one plugin from importing the packages of denied ones; maps each package to the reason."""
    with asked_first(_Refusal(blocked)):
        yield


@contextmanager
def asked_first(finder: MetaPathFinderProtocol) -> Iterator[None]:
    """Have a finder asked for each import before all others while the block lasts.

    Each change of the finders is a list of its own: an import under way in another thread goes through the one that
    it began with, and would pass over a finder where one before it is taken out.
    """
    import sys

    with _CHANGING_FINDERS:
        sys.meta_path = [finder, *sys.meta_path]
    try:
        yield
    finally:
        with _CHANGING_FINDERS:
            sys.meta_path = [each for each in sys.meta_path if each is not finder]


class _Refusal:
    """A finder that finds nothing and forbids some."""

    def __init__(self, blocked: Mapping[str, str]) -> None:
        self._blocked = blocked

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Refuse the packages of denied plugins.

        Raises:
            ImportError: the package belongs to one.
        """
        if name in self._blocked:
            message = f"the package {name} belongs to a plugin that is denied: {self._blocked[name]}"
            raise ImportError(message, name=name)
        return None
