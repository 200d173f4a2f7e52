"""The command `aetherflow excel`."""

from __future__ import annotations

from pathlib import Path

from aetherflow.kernel.api import CommandContext, CommandParameter, Effect, InvalidInput, PluginCommand


def inspect(context: CommandContext, action: str, file: str, anchor: str | None, sheet: str | None) -> None:
    """Show what a workbook is made of, and what a fill would touch.

    Raises:
        InvalidInput: there is no such action, or no such file.
        StepError: the file is no workbook, or rows can't be inserted at the anchor.
    """
    if action != "inspect":
        raise InvalidInput(
            f"there is nothing called {action!r} to do", code="AF-USAGE", help="write `excel inspect FILE`"
        )
    path = Path(file)
    if not path.is_file():
        raise InvalidInput(f"there is no file {file}", code="AF-USAGE", help="name a workbook")
    from .inspecting.picture import picture_of
    from .inspecting.told import as_json, as_text
    from .inspecting.touching import try_fill
    from .package.package import Package

    with Package(path) as package:
        picture = picture_of(package)
    touched = None if anchor is None else try_fill(path, anchor, sheet)
    if context.as_json:
        context.say_json(as_json(picture, touched))
    else:
        context.write(as_text(picture, touched))


EXCEL = PluginCommand(
    name="excel",
    summary="Look into a workbook: `excel inspect FILE` shows what there is to fill.",
    run=inspect,
    parameters=(
        CommandParameter(name="action", kind="argument", help="inspect.", metavar="inspect", is_required=True),
        CommandParameter(name="file", kind="argument", help="The workbook.", metavar="FILE", is_required=True),
        CommandParameter(
            name="anchor",
            kind="text",
            help="Also tell what rows inserted at this name, cell or text would touch.",
            metavar="ANCHOR",
        ),
        CommandParameter(name="sheet", kind="text", help="The sheet of the anchor.", metavar="SHEET"),
    ),
    effects=frozenset({Effect.READ_FILES, Effect.WRITE_FILES}),
)
