"""The drivers: zip archives by Python's own zipfile, and encrypted ones by pyzipper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import ClassVar, Literal, TypeVar

from pydantic import Field

from aetherflow.kernel.api import (
    Archiver,
    Connector,
    ConnectorError,
    ConnectorModel,
    Effect,
    NoOptions,
    Secret,
    Watch,
)

from .extraction import Extraction
from .limits import ArchiveOptions, Guard
from .packing import ZipWriter, pack

Compression = Literal["deflated", "stored"]
Settings = TypeVar("Settings", bound=ConnectorModel)


class _ZipArchiver(Connector[Settings, ArchiveOptions]):
    """What both drivers do alike: read, judge and write."""

    kind = "archive"
    protocol = Archiver
    effects = frozenset({Effect.READ_FILES, Effect.WRITE_FILES})
    #: Connectors find their models by looking at two that are named; here one is still open.
    options_type = ArchiveOptions
    #: Whether members that are encrypted with AES can be read.
    knows_aes: ClassVar[bool] = False

    def open(self) -> None:
        """There is nothing to reach: archives are files."""

    def close(self) -> None:
        """Nothing is left open between two archives."""

    def create(
        self,
        archive: Path,
        folder: Path,
        members: Mapping[str, str],
        *,
        password: Secret | None,
        compression: Compression,
        watch: Watch,
    ) -> None:
        """Pack files of one folder, in the order of their names."""
        self._check_password(password)
        with self._writer(archive, password, compression) as writer:
            pack(writer, folder, members, watch)

    def extract(
        self,
        archive: Path,
        directory: Path,
        *,
        password: Secret | None,
        members: Sequence[str] | None,
        watch: Watch,
    ) -> Sequence[str]:
        """Unpack into a directory, or refuse."""
        return Extraction(
            archive=archive,
            directory=directory,
            guard=Guard(archive=archive.name, options=self.options, watch=watch),
            password=password,
            members=members,
            knows_aes=self.knows_aes,
        ).run()

    def _check_password(self, password: Secret | None) -> None:
        """Refuse a password that can't be used."""

    def _writer(
        self, archive: Path, password: Secret | None, compression: Compression
    ) -> AbstractContextManager[ZipWriter]:
        """An archive to write to; closing it writes its end."""
        raise NotImplementedError


class ZipfileArchiver(_ZipArchiver[NoOptions]):
    """Zip archives without encryption; members with the old encryption are read."""

    driver = "zipfile"
    config_type = NoOptions

    def _check_password(self, password: Secret | None) -> None:
        if password is not None:
            raise ConnectorError(
                "the driver zipfile can't encrypt", code="AF-ARCHIVE-ENCRYPTION", help="use the driver pyzipper"
            )

    def _writer(
        self, archive: Path, password: Secret | None, compression: Compression
    ) -> AbstractContextManager[ZipWriter]:
        import zipfile

        method = zipfile.ZIP_DEFLATED if compression == "deflated" else zipfile.ZIP_STORED
        return zipfile.ZipFile(archive, "w", compression=method, compresslevel=self.options.level)


class PyzipperConfig(ConnectorModel):
    """How members are encrypted where a password is given."""

    encryption: str = Field(
        default="aes",
        description="aes; the old zipcrypto is broken, and refused.",
        json_schema_extra={"const": "aes"},
    )
    aes_strength: Literal[128, 192, 256] = Field(default=256, description="Bits of the key.")


class PyzipperArchiver(_ZipArchiver[PyzipperConfig]):
    """Zip archives, with a password encrypted by AES."""

    driver = "pyzipper"
    config_type = PyzipperConfig
    knows_aes = True

    def open(self) -> None:
        """Refuse an encryption that does not protect."""
        if self.config.encryption != "aes":
            raise ConnectorError(
                f"resource {self.context.resource!r}: the only encryption is aes",
                code="AF-ARCHIVE-ENCRYPTION",
                help="set `encryption: aes`, or leave it out: the old zipcrypto is broken",
            )

    def _check_password(self, password: Secret | None) -> None:
        if password is not None and not password:
            raise ConnectorError("the password is empty", code="AF-ARCHIVE-PASSWORD", help="give one, or leave it out")

    def _writer(
        self, archive: Path, password: Secret | None, compression: Compression
    ) -> AbstractContextManager[ZipWriter]:
        import pyzipper

        method = pyzipper.ZIP_DEFLATED if compression == "deflated" else pyzipper.ZIP_STORED
        archive_file = pyzipper.AESZipFile(archive, "w", compression=method, compresslevel=self.options.level)
        if password is not None:
            archive_file.setpassword(password.reveal().encode())
            archive_file.setencryption(pyzipper.WZ_AES, nbits=self.config.aes_strength)
        writer: AbstractContextManager[ZipWriter] = archive_file
        return writer
