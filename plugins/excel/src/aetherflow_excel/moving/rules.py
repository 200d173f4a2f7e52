"""Patchers made of tables: what to do with which element."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ..package.patching import Edit, Patcher

StartRule = Callable[[Mapping[str, str]], Edit | None]
TextRule = Callable[[str], str | None]
EndRule = Callable[[], Iterable[bytes] | None]


class RulesPatcher(Patcher):
    """A patcher whose subclasses put rules for elements into its tables."""

    def __init__(self) -> None:
        self.starts: dict[str, StartRule] = {}
        self.texts: dict[str, TextRule] = {}
        self.ends: dict[str, EndRule] = {}

    def start(self, tag: str, attributes: Mapping[str, str]) -> Edit | None:
        rule = self.starts.get(tag)
        return rule(attributes) if rule is not None else None

    def takes_text(self, tag: str) -> bool:
        return tag in self.texts

    def text(self, tag: str, text: str) -> str | None:
        return self.texts[tag](text)

    def end(self, tag: str) -> Iterable[bytes]:
        rule = self.ends.get(tag)
        return (rule() if rule is not None else None) or ()

    def attribute_rule(self, tag: str, **rules: Callable[[str], str]) -> None:
        """Change attributes of an element, each by its own rule, where the element has them."""

        def rule(attributes: Mapping[str, str]) -> Edit | None:
            return changed(
                attributes, {name: new(attributes[name]) for name, new in rules.items() if name in attributes}
            )

        self.starts[tag] = rule


def changed(attributes: Mapping[str, str], new: Mapping[str, str | None]) -> Edit | None:
    """The edit that sets attributes to new values; null where they have them already."""
    changes = {name: value for name, value in new.items() if attributes.get(name) != value}
    return Edit(attributes=changes) if changes else None
