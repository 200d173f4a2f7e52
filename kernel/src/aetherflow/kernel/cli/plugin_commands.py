"""Commands of plugins: found by what manifests say, called once the policy has let their plugin in."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..contracts.tables import plain
from ..errors import AetherFlowError, ExitCode
from .command_records import Command
from .commands import AETHERFLOW, AS_JSON, FIRST_WORDS, PROFILE
from .given_commands import as_parameter, context_for, keywords_of
from .output import output_kept_for_the_answer, say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..plugins.records import CommandEntry

_LARGEST_EXIT_CODE = 255


def commands_for(arguments: Sequence[str], environ: Mapping[str, str]) -> tuple[Command, ...]:
    """The commands of plugins that a line may be about: the one that it names, or all where help lists them.

    Raises:
        AetherFlowError: the line names a command that is not there, or may not be used.
    """
    if AETHERFLOW.completion in environ:
        return _all_commands(environ, tells=False)
    if not arguments or arguments[0].startswith("-"):
        return _all_commands(environ, tells=True) if not arguments or "--help" in arguments else ()
    from ..plugins.listing import open_command_index

    with open_command_index(profile=None, environ=environ) as index:
        return (_as_command(index.command(arguments[0], others=FIRST_WORDS)),)


def call_plugin(command: Command, values: Mapping[str, Any], environ: Mapping[str, str]) -> ExitCode:
    """Import a command's plugin, where the policy of the project that it is about lets it in, and call it.

    Raises:
        AetherFlowError: what the command raises of the kernel's errors, or that its plugin may not be used.
        PluginError: the plugin broke.
    """
    from ..plugins.boundary import contract_error, plugin_boundary
    from ..plugins.host import PluginHost
    from ..plugins.listing import open_command_index

    (name,) = command.words
    given = keywords_of(command, values)
    profile, as_json = given.pop(PROFILE.name), given.pop(AS_JSON.name)
    flow = next((Path(given[each.name]) for each in command.parameters if each.is_flow and given[each.name]), None)
    with open_command_index(flow, profile=profile, environ=environ) as index, output_kept_for_the_answer():
        run = PluginHost(index).command(name).run
    context = context_for(environ, as_json=as_json, profile=profile)
    gc.enable()
    passing = (AetherFlowError, BrokenPipeError)
    with plugin_boundary(command.plugin, f"its command {name} was called", passing=passing):
        code: object = run(context, **given)
    if code is None:
        return ExitCode.DONE
    if isinstance(code, bool) or not isinstance(code, int) or not 0 <= code <= _LARGEST_EXIT_CODE:
        wrong = f"ended its command {name!r} with {code!r}, which is no exit code"
        raise contract_error(command.plugin, wrong, "return a number from 0 to 255, or nothing")
    return code  # type: ignore[return-value]  # any number may be a process's exit code


def _all_commands(environ: Mapping[str, str], *, tells: bool) -> tuple[Command, ...]:
    """All that may be used; what is wrong with the policy must not keep anybody from reading the help."""
    from ..plugins.listing import open_command_index

    try:
        with open_command_index(profile=None, environ=environ, is_to_list=True) as index:
            return tuple(map(_as_command, index.commands()))
    except AetherFlowError as error:
        if tells:
            problem = error.problem
            say(f"warning {problem.code}: commands of plugins are not listed: {plain(problem.message)}", to_error=True)
        return ()


def _as_command(entry: CommandEntry) -> Command:
    parameters = tuple(map(as_parameter, entry.parameters))
    return Command((entry.name,), "", entry.summary, (*parameters, PROFILE, AS_JSON), plugin=entry.plugin.name)
