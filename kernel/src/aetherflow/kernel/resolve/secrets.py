"""The secrets hook: a module of the project's own that decodes what is written down encoded."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import InvalidInput, RefusedByPolicy, YamlPath
from ..quick_dataclasses import dataclass
from .settings import Settings

_CODE = "AF-SECRETS-HOOK"
_CONTRACT = "the hook needs `def decode(text: str) -> str`, and may have `def expand_env(values: dict) -> dict`"


@dataclass(frozen=True, slots=True)
class SecretsHook:
    """The functions of the hook; whatever goes wrong in them is told without a word of theirs."""

    origin: str
    _decode: Callable[[str], object]
    _expand_env: Callable[[dict[str, str]], object] | None = None

    def decode(self, text: str, path: YamlPath) -> str:
        """The secret behind an encoded text.

        Raises:
            InvalidInput: the hook raised, or gave no text; the message names the field and shows no value.
        """
        decoded, fault = _call(self._decode, text)
        if fault is None and isinstance(decoded, str):
            return decoded
        why = f"raised {fault}" if fault else f"gave {type(decoded).__name__} instead of a text"
        message = f"{'.'.join(map(str, path))} can't be decoded: {self.origin} {why}"
        raise InvalidInput(message, code="AF-DECODE", help="its message is not shown: it may hold the value", path=path)

    def expand_env(self, values: Mapping[str, str]) -> Mapping[str, str]:
        """The environment that resources see, with what the hook adds to it.

        Raises:
            InvalidInput: the hook raised, or gave something else than texts by name.
        """
        if self._expand_env is None:
            return values
        expanded, fault = _call(self._expand_env, dict(values))
        if fault is None and isinstance(expanded, Mapping) and _holds_texts(expanded):
            return dict(expanded)
        why = f"raised {fault}" if fault else "gave something else than a mapping of texts"
        raise InvalidInput(f"expand_env of {self.origin} {why}", code=_CODE, help=_CONTRACT)


def load_secrets_hook(settings: Settings, *, allowed: bool) -> SecretsHook | None:
    """The hook that AETHERFLOW_SECRETS_MODULE (which wins) or AETHERFLOW_SECRETS_PATH names; null where neither is set.

    Args:
        settings: that name the hook.
        allowed: may the runtime profile in force run code that no manifest speaks of?

    Raises:
        RefusedByPolicy: a hook is named, and not allowed; it is not imported then.
        InvalidInput: it can't be imported, or does not keep the contract.
    """
    if not settings.has_secrets_hook:
        return None
    name = settings.secrets_module
    origin = f"the secrets hook {name or settings.secrets_path}"
    if not allowed:
        mend = "choose an open profile, or unset AETHERFLOW_SECRETS_MODULE and AETHERFLOW_SECRETS_PATH"
        raise RefusedByPolicy(f"{origin} is not allowed in this profile", code="AF-SECRETS-HOOK-REFUSED", help=mend)
    module = _module(name, settings.secrets_path, origin)
    decode, expand_env = getattr(module, "decode", None), getattr(module, "expand_env", None)
    if not callable(decode) or not (expand_env is None or callable(expand_env)):
        wrong = "expand_env that can't be called" if callable(decode) else "no decode"
        raise InvalidInput(f"{origin} has {wrong}", code=_CODE, help=_CONTRACT)
    return SecretsHook(origin, decode, expand_env)


def _module(name: str | None, path: Path | None, origin: str) -> ModuleType:
    module, fault = _call(importlib.import_module, name) if name else _call(_execute, path)
    if isinstance(module, ModuleType):
        return module
    mend = "its message is not shown: it may hold a secret; import it in Python to see it"
    raise InvalidInput(f"{origin} can't be imported: {fault or 'it is no Python file'}", code=_CODE, help=mend)


def _execute(path: Path) -> ModuleType | None:
    # Not put into sys.modules: another flow in this process may name another file.
    specification = importlib.util.spec_from_file_location("aetherflow_secrets_hook", path)
    if specification is None or specification.loader is None:
        return None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def _call(function: Callable[..., Any], argument: object) -> tuple[object, str | None]:
    """What a function of the hook answers, and else the name of what it raised.

    Only the name leaves: message, traceback and cause may hold the value.
    """
    try:
        return function(argument), None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the plugin boundary: the hook is foreign code
        return None, type(error).__name__


def _holds_texts(values: Mapping[object, object]) -> bool:
    return all(isinstance(key, str) and isinstance(value, str) for key, value in values.items())
