"""The one template resolver: `{{path}}` and `{{path:default}}`, compiled once, rendered in one pass.

A value that is exactly one token keeps the type of what it names; elsewhere texts are joined.
Blanks inside the braces don't count, except those that a default starts with: in `{{env.X: a }}`
the default is ` a`, wherever the token stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from ..errors import InvalidInput, MissingReference, Problem, TemplateError, YamlPath
from ..quick_dataclasses import dataclass
from ..spec.values import Raw, without_raw
from .references import ABSENT, NAME, Reference, mend_of_root, resolve

UNSUPPORTED = "Unsupported templating syntax. Use {{VAR}} or {{VAR:DEFAULT}}"
#: A text may grow by this for each token in it: what is bigger belongs into a file.
MAX_CHARACTERS_PER_REFERENCE = 64 * 1024
#: Deeper than any document may be.
MAX_DEPTH = 100
#: More tokens than anybody writes into one text.
MAX_TOKENS = 10_000
#: Enough to mend before the rest is looked at.
MAX_PROBLEMS = 1_000

_OPENING = re.compile(r"\{[{%#]")
# Every part is possessive: matching never goes back, so the time grows with the length of the text.
_TOKEN = re.compile(rf"\{{\{{\s*+({NAME}(?:\.{NAME})*+)\s*+(?::([^{{}}]*+))?+\}}\}}", re.ASCII)
_LONGEST_NUMBER_IN_BITS = 14_000

Find: TypeAlias = Callable[[Reference], object]


@dataclass(frozen=True, slots=True)
class Template:
    """A value whose tokens are found and checked; renders as often as asked, and changes nothing."""

    node: _Node
    references: tuple[Reference, ...]

    def render(self, scope: Mapping[str, object]) -> object:
        """The value with its tokens replaced; parts without tokens are shared, not copied.

        Raises:
            MissingReference: names don't exist and have no default; holds all of them.
            TemplateError: what a token stands for can't be part of a text.
        """
        return self.substitute(lambda reference: resolve(reference, scope))

    def substitute(self, find: Find) -> object:
        """The value with each token replaced by what `find` answers for it."""
        if isinstance(self.node, _Constant):
            return self.node.value
        problems: list[Problem] = []
        value = self.node.render(find, problems)
        if problems:
            only_missing = all(problem.code == MissingReference.code for problem in problems)
            raise (MissingReference if only_missing else TemplateError).of(problems)
        return value

    def render_known(self, find: Find) -> object:
        """The value with those tokens replaced that are known by now; the others stay as they are written.

        Args:
            find: what a reference stands for, `ABSENT` where that is not known.

        Raises:
            TemplateError: what a token stands for can't be part of a text.
        """

        def found(reference: Reference) -> object:
            value = find(reference)
            return reference.token if value is ABSENT else value

        return self.substitute(found)


def compile_value(value: object, *, roots: frozenset[str], path: YamlPath = ()) -> Template:
    """Find the tokens of a value, at any depth; keys of mappings are left as they are.

    Args:
        value: as read from a document; what stands under `!raw` is never rendered.
        roots: the first parts that tokens may have where this value stands.
        path: of the value, so that problems and references carry their place.

    Raises:
        TemplateError: tokens are written wrongly or start with another root; holds all problems.
    """
    if _is_plain(value, 0):
        return Template(_Constant(value), ())
    compiler = _Compiler(roots)
    node = compiler.compile(value, path, 0)
    if compiler.problems:
        raise TemplateError.of(compiler.problems)
    return Template(node, tuple(compiler.references))


def _is_plain(value: object, depth: int) -> bool:
    """Whether there is nothing to find in a value, and nothing to copy: most values are so, and quickly seen."""
    if isinstance(value, str):
        return "{" not in value
    if depth >= MAX_DEPTH:
        return False
    if type(value) is dict:
        return all(_is_plain(item, depth + 1) for item in value.values())
    if type(value) is list:
        return all(_is_plain(item, depth + 1) for item in value)
    return not isinstance(value, Raw | Mapping | list | tuple)


class _Compiler:
    """One pass over a value: makes the nodes, and collects the references and the problems."""

    def __init__(self, roots: frozenset[str]) -> None:
        self.roots = roots
        self.references: list[Reference] = []
        self.problems: list[Problem] = []

    def compile(self, value: object, path: YamlPath, depth: int) -> _Node:
        if isinstance(value, str):
            return self._compile_text(value, path)
        if isinstance(value, Raw):
            return _Constant(without_raw(value))
        if not isinstance(value, Mapping | list | tuple):
            return _Constant(value)
        if depth >= MAX_DEPTH:
            self._add("AF-TEMPLATE-DEPTH", f"a value must not be nested deeper than {MAX_DEPTH} levels", "", path)
            return _Constant(None)
        return self._compile_container(value, path, depth)

    def _compile_container(
        self, value: Mapping[str, object] | list[object] | tuple[object, ...], path: YamlPath, depth: int
    ) -> _Node:
        if isinstance(value, Mapping):
            named = {key: self.compile(item, (*path, key), depth + 1) for key, item in value.items()}
            if not all(isinstance(node, _Constant) for node in named.values()):
                return _Mapping(named)
            same = type(value) is dict and all(_constant(named[key]) is item for key, item in value.items())
            return _Constant(value if same else {key: _constant(node) for key, node in named.items()})
        nodes = [self.compile(item, (*path, index), depth + 1) for index, item in enumerate(value)]
        if not all(isinstance(node, _Constant) for node in nodes):
            return _List(nodes)
        same = type(value) is list and all(_constant(node) is item for node, item in zip(nodes, value, strict=True))
        return _Constant(value if same else [_constant(node) for node in nodes])

    def _compile_text(self, text: str, path: YamlPath) -> _Node:
        if "{" not in text:
            return _Constant(text)
        pieces = list(self._pieces(text, path))
        if all(isinstance(piece, str) for piece in pieces):
            return _Constant(text)
        references = [piece for piece in pieces if isinstance(piece, Reference)]
        self.references.extend(references)
        if len(pieces) == 1:
            return _Token(references[0])
        return _Text(tuple(pieces), path, len(references) * MAX_CHARACTERS_PER_REFERENCE)

    def _pieces(self, text: str, path: YamlPath) -> Iterator[str | Reference]:
        done = found = 0
        while opening := _OPENING.search(text, done):
            token = _TOKEN.match(text, opening.start())
            if token is None:
                self._refuse_syntax(opening, path)
                return
            if token.start() > done:
                yield text[done : token.start()]
            found += 1
            if found > MAX_TOKENS:
                message = f"a text must not hold more than {MAX_TOKENS:,} templates"
                self._add("AF-TEMPLATE-LENGTH", message, "make the text in a step, and refer to its output", path)
                return
            is_whole = token.start() == 0 and token.end() == len(text)
            yield self._reference(token, path, is_whole=is_whole)
            done = token.end()
        if done < len(text):
            yield text[done:]

    def _reference(self, token: re.Match[str], path: YamlPath, *, is_whole: bool) -> Reference:
        default = token.group(2)
        parts = tuple(token.group(1).split("."))
        reference = Reference(parts, None if default is None else default.rstrip(), path, is_whole)
        if len(self.problems) >= MAX_PROBLEMS:
            return reference
        if reference.root not in self.roots:
            known = ", ".join(sorted(self.roots)) or "none"
            message = f"there is no {reference.root!r} to refer to here; templates may start with: {known}"
            self._add("AF-TEMPLATE-ROOT", message, mend_of_root(reference.root, self.roots), path)
        elif parts == ("env",):
            message = "'env' alone would hand over the whole environment"
            self._add("AF-TEMPLATE-ENVIRONMENT", message, "name one key: {{env.KEY}}", path)
        return reference

    def _refuse_syntax(self, opening: re.Match[str], path: YamlPath) -> None:
        # The text itself is not shown: a password in plain text may be what looks like a token.
        message = f"{UNSUPPORTED}\n{opening.group()!r} at character {opening.start() + 1} starts neither"
        self._add(TemplateError.code, message, "write !raw in front of a value that is not to be rendered", path)

    def _add(self, code: str, message: str, mend: str, path: YamlPath) -> None:
        self.problems.append(Problem(code=code, message=message, help=mend, path=path))


@dataclass(frozen=True, slots=True)
class _Constant:
    value: object

    def render(self, find: Find, problems: list[Problem]) -> object:
        return self.value


@dataclass(frozen=True, slots=True)
class _Token:
    reference: Reference

    def render(self, find: Find, problems: list[Problem]) -> object:
        return _found(self.reference, find, problems)


@dataclass(frozen=True, slots=True)
class _Text:
    pieces: tuple[str | Reference, ...]
    path: YamlPath
    limit: int

    def render(self, find: Find, problems: list[Problem]) -> object:
        texts: list[str] = []
        size = 0
        for piece in self.pieces:
            if isinstance(piece, str):
                texts.append(piece)
                continue
            text = _as_text(_found(piece, find, problems), piece, problems)
            size += len(text)
            texts.append(text)
        if size > self.limit:
            message = f"the rendered text would be longer than {self.limit} characters"
            problems.append(Problem(code="AF-TEMPLATE-SIZE", message=message, help=_TOO_LONG, path=self.path))
            return ""
        return "".join(texts)


@dataclass(frozen=True, slots=True)
class _List:
    nodes: list[_Node]

    def render(self, find: Find, problems: list[Problem]) -> object:
        return [node.render(find, problems) for node in self.nodes]


@dataclass(frozen=True, slots=True)
class _Mapping:
    nodes: dict[str, _Node]

    def render(self, find: Find, problems: list[Problem]) -> object:
        return {key: node.render(find, problems) for key, node in self.nodes.items()}


_Node: TypeAlias = _Constant | _Token | _Text | _List | _Mapping

_TOO_LONG = "hand over long texts in a file, or as a value of their own"


def _constant(node: _Node) -> object:
    return node.value if isinstance(node, _Constant) else None


def _found(reference: Reference, find: Find, problems: list[Problem]) -> object:
    """What a reference stands for; an empty text, and a problem, where that can't be said."""
    try:
        return find(reference)
    except InvalidInput as error:
        problems.extend(error.problems)
        return ""


def _as_text(value: object, reference: Reference, problems: list[Problem]) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) or (isinstance(value, int) and value.bit_length() < _LONGEST_NUMBER_IN_BITS):
        return str(value)
    problems.append(_no_text(value, reference))
    return ""


def _no_text(value: object, reference: Reference) -> Problem:
    if value is None:
        code, what = "AF-TEMPLATE-NULL", "is null, which can't be part of a text"
        mend = f"give a default: {{{{{reference.dotted}:…}}}}"
    else:
        kind = {"dict": "a mapping", "list": "a list", "int": "a number that is too long"}.get(type(value).__name__)
        code, what = "AF-TEMPLATE-KIND", f"is {kind or 'no text'}, which can't be part of a text"
        mend = "let the token be the whole value: then it keeps its type"
    return Problem(code=code, message=f"{reference.dotted!r} {what}", help=mend, path=reference.path)
