"""Which runtime profile is in force: the files say which there are, the user chooses among what they leave."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ..contracts.spelling import did_you_mean
from ..errors import Location, Problem, RefusedByPolicy
from ..quick_dataclasses import dataclass, replace
from .document import Mode, PolicyDocument, ProfileDefinition, WritePath
from .profile import Layer, RuntimeProfile
from .project import Project, read_administrator_policy

#: Where an administrator's policy is looked for; whoever may write there may narrow every project.
ADMINISTRATOR_FILE = Path("/etc/aetherflow/policy.yaml")
DEFAULT_PROFILE = "internal_fast"
#: In the order in which they are asked; the second is the ancestor's.
PROFILE_VARIABLES = ("AETHERFLOW_PROFILE", "AETHERFLOW_MODE")

_BUILT_IN = {
    "internal_fast": Layer(profile="internal_fast", mode=Mode.OPEN),
    "enterprise": Layer(profile="enterprise", mode=Mode.LOCKED, may_write_project=False, grants_by_default=False),
}


def decide_profile(
    project: Project,
    *,
    requested: str | None = None,
    environ: Mapping[str, str],
    administrator_file: Path = ADMINISTRATOR_FILE,
) -> RuntimeProfile:
    """The runtime profile in force for a project.

    Raises:
        RefusedByPolicy: a profile is unknown, widens what stands above it, or is not open to choice.
    """
    administrator = read_administrator_policy(administrator_file)
    above = (administrator,) if administrator else ()
    book = ProfileBook((*above, project.policy))
    book.check()
    name, decided_by = _chosen_name(book, project.policy, above, requested=requested, environ=environ)
    layers = (*_administrator_layers(above), *book.layers(name))
    layers = tuple(dict.fromkeys(layers))
    return RuntimeProfile(
        name=name,
        layers=layers,
        write_paths=_write_paths(layers, project.folder),
        sources=tuple((policy.file, policy.digest) for policy in (*above, project.policy) if policy.digest),
        decided_by=decided_by,
    )


@dataclass(frozen=True, slots=True)
class ProfileBook:
    """All profiles that there are: the built-in ones, and what each file adds, the highest file first."""

    documents: Sequence[PolicyDocument]

    @property
    def names(self) -> list[str]:
        """The names of all profiles."""
        return sorted({*_BUILT_IN, *(name for document in self.documents for name in document.profiles)})

    def definitions(self, name: str) -> list[ProfileDefinition]:
        """What the files say of one profile."""
        return [document.profiles[name] for document in self.documents if name in document.profiles]

    def parent(self, name: str) -> str | None:
        """The profile that this one extends; null for a built-in one."""
        return next((found.extends for found in self.definitions(name) if found.extends), None)

    def ancestry(self, name: str) -> list[str]:
        """The profile and those that it extends, itself first."""
        line = [name]
        while (parent := self.parent(line[-1])) is not None and parent not in line:
            line.append(parent)
        return line

    def layers(self, name: str) -> tuple[Layer, ...]:
        """What applies under a profile, the built-in one first."""
        layers: list[Layer] = []
        for ancestor in reversed(self.ancestry(name)):
            if ancestor in _BUILT_IN:
                layers.append(_BUILT_IN[ancestor])
            for definition in self.definitions(ancestor):
                layers.append(_layer(definition))
                layers[-1] = _closed(layers)
        return tuple(layers)

    def check(self) -> None:
        """Refuse what no profile may say.

        AF-POLICY-EXTENDS: a profile of the project's own does not say which one it narrows, or one that does not exist.

        Project:
            profile: nightly
            profiles:
              nightly: {plugins: {deny: ["step:zip"]}}

        Mend: let it extend `internal_fast`, `enterprise` or another profile of the file.
            nightly: {extends: internal_fast, plugins: {deny: ["step:zip"]}}

        AF-POLICY-WIDENS: a profile would let in more than the one that it extends; it may only let in less.

        Project:
            profile: nightly
            profiles:
              careful: {extends: internal_fast, plugins: {mode: listed, allow: [process, sql]}}
              nightly: {extends: careful, plugins: {mode: open}}

        Mend: leave out what widens, or extend a wider profile.
            nightly: {extends: careful, plugins: {mode: listed, allow: [process]}}

        Raises:
            RefusedByPolicy: holds all problems, those of the higher file first.
        """
        problems = [
            problem
            for document in self.documents
            for definition in document.profiles.values()
            for problem in (*self._wrong_lineage(definition), *self._widening(definition))
        ]
        problems += [problem for document in self.documents for problem in self._wrong_floor(document)]
        if problems:
            raise RefusedByPolicy.of(problems)

    def _wrong_lineage(self, definition: ProfileDefinition) -> Iterable[Problem]:
        name, parent, where = definition.name, definition.extends, definition.extends_where
        if parent is None:
            if name not in _BUILT_IN and self.parent(name) is None:
                mend = f"write `extends: {DEFAULT_PROFILE}` or `extends: enterprise` here"
                yield _problem("AF-POLICY-EXTENDS", f"{name!r} does not say what it extends", mend, definition.where)
        elif name in _BUILT_IN:
            yield _problem("AF-POLICY-EXTENDS", f"{name!r} is built in and extends nothing", "leave it out", where)
        elif parent not in self.names:
            mend = did_you_mean(parent, self.names)
            yield _problem("AF-POLICY-EXTENDS", f"there is no profile {parent!r}", mend, where)
        elif parent != self.parent(name):
            wrong = f"{name!r} already extends {self.parent(name)!r}"
            yield _problem("AF-POLICY-EXTENDS", wrong, "leave it out", where)
        elif self.parent(self.ancestry(name)[-1]) is not None:
            wrong = f"{name!r} extends itself: {' -> '.join([*self.ancestry(name), name])}"
            mend = f"extend {DEFAULT_PROFILE} or enterprise in the end"
            yield _problem("AF-POLICY-EXTENDS", wrong, mend, where)

    def _widening(self, definition: ProfileDefinition) -> Iterable[Problem]:
        mode = definition.mode
        if mode is None:
            return
        above = self._layers_above(definition)
        narrower = next((layer for layer in above if layer.mode and layer.mode.rank > mode.rank), None)
        if narrower and narrower.mode:
            wrong = f"mode {mode} is wider than mode {narrower.mode} of {narrower}"
            mend = "a profile may only narrow what it refines or extends"
            yield _problem("AF-POLICY-WIDENS", wrong, mend, definition.mode_where)

    def _layers_above(self, definition: ProfileDefinition) -> tuple[Layer, ...]:
        layers = self.layers(definition.name)
        own = next((number for number, layer in enumerate(layers) if layer.where == definition.where), 0)
        return layers[:own]

    def _wrong_floor(self, document: PolicyDocument) -> Iterable[Problem]:
        if document.floor is not None and document.floor not in self.names:
            mend = did_you_mean(document.floor, self.names)
            wrong = f"there is no profile {document.floor!r}"
            yield _problem("AF-PROFILE-UNKNOWN", wrong, mend, document.floor_where)


def _chosen_name(
    book: ProfileBook,
    project: PolicyDocument,
    above: Sequence[PolicyDocument],
    *,
    requested: str | None,
    environ: Mapping[str, str],
) -> tuple[str, str]:
    """The name, and what decided on it."""
    choices = [("--profile", requested), *((name, environ.get(name) or None) for name in PROFILE_VARIABLES)]
    source, name = next(((source, name) for source, name in choices if name is not None), ("", None))
    floors = [document for document in (*above, project) if document.floor is not None]
    if name is None:
        return (floors[-1].floor or DEFAULT_PROFILE, _place_of_floor(floors[-1])) if floors else (DEFAULT_PROFILE, "")
    if name not in book.names:
        wrong = f"{source} asks for the profile {name!r}, which does not exist"
        raise RefusedByPolicy(wrong, code="AF-PROFILE-UNKNOWN", help=did_you_mean(name, book.names))
    for document in floors:
        if document.floor not in book.ancestry(name):
            raise _below_floor(book, document, name=name, source=source)
    return name, source


def _place_of_floor(document: PolicyDocument) -> str:
    where = document.floor_where
    return f"{where.file}:{where.line}" if where else document.file


def _below_floor(book: ProfileBook, document: PolicyDocument, *, name: str, source: str) -> RefusedByPolicy:
    open_to_choice = [known for known in book.names if document.floor in book.ancestry(known)]
    return RefusedByPolicy(
        f"{source} asks for the profile {name!r}, but {document.file} allows only {document.floor!r}"
        " and what extends it",
        code="AF-PROFILE-FLOOR",
        help=f"leave {source} out, or choose one of: {', '.join(open_to_choice)}",
        where=document.floor_where,
    )


def _administrator_layers(above: Sequence[PolicyDocument]) -> tuple[Layer, ...]:
    """The administrator's own profile applies whatever the project says.

    A list that it leaves out is an empty one where it is not open: else a project could fill it in.
    """
    if not above:
        return ()
    name = above[0].floor or DEFAULT_PROFILE
    layers = list(ProfileBook(above).layers(name))
    end = Layer(profile=name, where=above[0].floor_where)
    closing = _closed([*layers, end])
    return tuple(layers) if closing == end else (*layers, closing)


def _layer(definition: ProfileDefinition) -> Layer:
    return Layer(
        profile=definition.name,
        where=definition.where,
        mode=definition.mode,
        allow=definition.allow,
        deny=definition.deny,
        grants=definition.grants,
        write=definition.write,
    )


def _closed(layers: Sequence[Layer]) -> Layer:
    """The last layer with the lists that are still missing as empty ones.

    A written profile that is not open and names no list lets nothing in: what extends it can't
    let in more. Only the built-in `enterprise` leaves its lists to the first file that refines it.
    """
    last = layers[-1]
    if all(layer.grants is None for layer in layers) and not all(layer.grants_by_default for layer in layers):
        last = replace(last, grants=())
    if not any(layer.mode not in {None, Mode.OPEN} for layer in layers):
        return last
    if all(layer.allow is None for layer in layers):
        last = replace(last, allow=())
    if all(layer.write is None for layer in layers):
        last = replace(last, write=())
    return last


def _write_paths(layers: Sequence[Layer], folder: Path) -> tuple[Path, ...]:
    """The folders of the last list; each list must stay inside the one before."""
    problems: list[Problem] = []
    allowed: tuple[Path, ...] | None = None
    for layer in layers:
        if layer.write is None:
            continue
        problems += _outside(layer, allowed, folder)
        allowed = tuple(_absolute(entry, folder) for entry in layer.write)
    if problems:
        raise RefusedByPolicy.of(problems)
    return allowed or ()


def _outside(layer: Layer, allowed: tuple[Path, ...] | None, folder: Path) -> Iterable[Problem]:
    for entry in layer.write or ():
        path = _absolute(entry, folder)
        if allowed is not None and not any(path.is_relative_to(wider) for wider in allowed):
            wrong = f"{layer.profile} may not write {entry.text!r}: it lies outside what stands above allows"
            mend = "a profile may only narrow what it refines or extends"
            yield _problem("AF-POLICY-WIDENS", wrong, mend, entry.where)


def _absolute(entry: WritePath, folder: Path) -> Path:
    return Path(os.path.normpath(folder / entry.text))


def _problem(code: str, message: str, mend: str, where: Location | None) -> Problem:
    return Problem(code=code, message=message, help=mend, where=where)
