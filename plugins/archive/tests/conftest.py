"""A place to work in: folders of the test's own, and the context of a step that remembers what it is told."""

from __future__ import annotations

import contextlib
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from aetherflow.kernel.api import (
    ConnectorContext,
    ConnectorError,
    NoOptions,
    PathRefused,
    Secret,
    Skip,
    Watch,
    publish,
    publish_folder,
    staged_folder,
)
from aetherflow_archive.drivers import PyzipperArchiver, PyzipperConfig, ZipfileArchiver
from aetherflow_archive.limits import ArchiveOptions
from aetherflow_archive.unzip_step import Unzip, UnzipInputs
from aetherflow_archive.zip_step import Zip, ZipInputs


class Log:
    """Remembers its warnings."""

    def __init__(self):
        self.warnings = []

    def info(self, message, **fields):
        pass

    def warning(self, message, **fields):
        self.warnings.append((message, fields))

    debug = error = info


@dataclass
class Folders:
    """Below these a step may read and write; `protected` belongs to nobody."""

    roots: tuple[Path, ...]

    def readable(self, path):
        inside = self.roots[0] / path
        return self._checked(inside if os.path.lexists(inside) else self.roots[1] / path)

    def writable(self, path):
        return self._checked(self.roots[0] / path)

    def _checked(self, path):
        try:
            resolved = Path(path).resolve()
        except OSError as error:
            # As the kernel tells it; somebody may be changing the links.
            raise PathRefused(str(path)) from error
        if not any(resolved.is_relative_to(root) for root in self.roots) or resolved.name == "protected":
            message = f"{path} is refused"
            raise PathRefused(message)
        return resolved


@dataclass
class Connectors:
    named: dict[str, object] = field(default_factory=dict)

    def has(self, resource):
        return resource in self.named

    def with_defaults(self, kind, driver, _protocol):
        assert kind == "archive"
        return {"zipfile": zipfile_archiver, "pyzipper": pyzipper_archiver}[driver]()

    def get(self, resource, _protocol):
        if resource not in self.named:
            message = f"there is no resource {resource!r}"
            raise ConnectorError(message, code="AF-UNKNOWN-RESOURCE")
        return self.named[resource]


@dataclass
class Context:
    """What a step gets, its progress remembered."""

    artifacts: Path
    project: Path
    manifests: Path
    idempotency_key: str = "key"
    step_id: str = "step"
    log: Log = field(default_factory=Log)
    cancelled: threading.Event = field(default_factory=threading.Event)
    connectors: Connectors = field(default_factory=Connectors)
    done: list[tuple[int, int]] = field(default_factory=list)

    @property
    def paths(self):
        return Folders((self.artifacts, self.project, self.manifests))

    def progress(self, done, total=None, unit="rows"):
        assert unit == "bytes"
        self.done.append((done, total))

    def check_fence(self):
        pass

    @contextlib.contextmanager
    def publish(self, path, *, replace=True):
        with publish(path, owner=self.idempotency_key, replace=replace) as temporary:
            yield temporary

    @contextlib.contextmanager
    def staged_folder(self, final, *, given=None):
        with staged_folder(final, owner=self.idempotency_key, given=given) as folder:
            yield folder

    def publish_folder(self, staged, final, *, replace=True, may_copy=False):
        publish_folder(staged, final, replace=replace, may_copy=may_copy)


@dataclass
class Workplace:
    """A context and the two steps in it."""

    context: Context

    @property
    def artifacts(self):
        return self.context.artifacts

    def write(self, **files):
        """Files of the artifacts; `__` in a name is a folder."""
        for name, content in files.items():
            path = self.artifacts / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def zip(self, **inputs):
        given = {"dest_path": "out.zip", "items": ["*"], **inputs}
        return self._run(Zip(), ZipInputs, given)

    def unzip(self, **inputs):
        given = {"archives": "out.zip", "dest_dir": "unpacked", **inputs}
        return self._run(Unzip(), UnzipInputs, given)

    def tree(self, folder="."):
        return tree(self.artifacts / folder)

    def _run(self, step, model, given):
        inputs = model.model_validate(given, context={"paths": self.context.paths})
        result = step.run(self.context, inputs)
        if isinstance(result, Skip):
            return {"reason": result.reason, **result.outputs.model_dump(mode="json")}
        return result.model_dump(mode="json")


def tree(folder):
    """Everything below a folder: names of files with their content, of folders with null."""
    return {
        path.relative_to(folder).as_posix(): None if path.is_dir() else path.read_bytes()
        for path in sorted(Path(folder).rglob("*"))
    }


@pytest.fixture
def workplace(tmp_path) -> Workplace:
    root = tmp_path.resolve()
    folders = [root / name for name in ("artifacts", "project", "manifests")]
    for folder in folders:
        folder.mkdir()
    return Workplace(Context(*folders))


def new_watch() -> Watch:
    """Never stops, and forgets what it is told."""

    def forget(done, total):
        pass

    return Watch(cancelled=threading.Event(), progress=forget)


@pytest.fixture
def watch() -> Watch:
    return new_watch()


def zipfile_archiver(**options):
    return ZipfileArchiver(_about(), NoOptions(), ArchiveOptions(**options))


def pyzipper_archiver(strength=256, **options):
    archiver = PyzipperArchiver(_about(), PyzipperConfig(aes_strength=strength), ArchiveOptions(**options))
    archiver.open()
    return archiver


def _about():
    return ConnectorContext(resource="archive", log=Log(), file_path=lambda path, _use: Path(path))


def secret(text="correct horse"):
    return Secret(text)
