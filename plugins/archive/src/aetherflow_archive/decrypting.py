"""The content of encrypted members: what stands in front of it and behind it, and the bytes themselves."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Protocol

from aetherflow.kernel.api import ConnectorError, Secret

from .source import Source
from .structure import HAS_DESCRIPTOR, Member

_AES_SALT = {1: 8, 2: 12, 3: 16}
_AES_CHECK, _AES_SEAL = 2, 10
_OLD_HEAD = 12


class Decrypter(Protocol):
    """Turns encrypted bytes into plain ones; `head` and `tail` are bytes around the content."""

    head: int
    tail: int

    def start(self, head: bytes) -> bool:
        """Begin; answers whether the password can be the right one."""

    def decrypt(self, data: bytes) -> bytes:
        """The plain bytes."""

    def is_sealed(self, tail: bytes) -> bool:
        """Whether the bytes were the ones that were encrypted, where that is known."""


class PlainText:
    """For members that are not encrypted."""

    head = tail = 0

    def start(self, head: bytes) -> bool:
        """There is no password to be wrong."""
        return True

    def decrypt(self, data: bytes) -> bytes:
        """The bytes as they are."""
        return data

    def is_sealed(self, tail: bytes) -> bool:
        """The checksum tells, which is not of this class."""
        return True


@dataclass(frozen=True, slots=True)
class _Named:
    """What pyzipper wants to know of a member."""

    filename: str
    wz_aes_strength: int


class AesDecrypter:
    """The AES encryption of WinZip and 7-Zip, by pyzipper."""

    def __init__(self, member: Member, strength: int, password: Secret) -> None:
        self.head = _AES_SALT[strength] + _AES_CHECK
        self.tail = _AES_SEAL
        self._named = _Named(member.name, strength)
        self._password = password

    def start(self, head: bytes) -> bool:
        """Derive the keys; two bytes tell most wrong passwords."""
        from pyzipper.zipfile_aes import AESZipDecrypter

        try:
            self._inner = AESZipDecrypter(self._named, self._password.reveal().encode(), head)
        except RuntimeError:
            return False
        return True

    def decrypt(self, data: bytes) -> bytes:
        """The plain bytes; that they are right is known at the end."""
        return bytes(self._inner.decrypt(data))

    def is_sealed(self, tail: bytes) -> bool:
        """Whether the seal over all encrypted bytes is the right one."""
        from pyzipper import BadZipFile

        try:
            self._inner.check_hmac(tail)
        except BadZipFile:
            return False
        return True


class OldDecrypter:
    """The encryption of the first zip programs: weak, and still sent around. For reading only."""

    head, tail = _OLD_HEAD, 0

    def __init__(self, member: Member, password: Secret) -> None:
        self._first, self._second, self._third = 0x12345678, 0x23456789, 0x34567890
        # The last byte in front of the content is one of the checksum, or of the time where that is not known yet.
        self._check = None if member.flags & HAS_DESCRIPTOR else member.crc >> 24
        self._table = [zlib.crc32(bytes([byte]), 0xFFFFFFFF) ^ 0xFFFFFFFF for byte in range(256)]
        for byte in password.reveal().encode():
            self._turn(byte)

    def start(self, head: bytes) -> bool:
        """One byte tells most wrong passwords."""
        return self._check in (None, self.decrypt(head)[-1])

    def decrypt(self, data: bytes) -> bytes:
        """The plain bytes."""
        plain = bytearray()
        for byte in data:
            mixed = self._third | 2
            byte ^= ((mixed * (mixed ^ 1)) >> 8) & 0xFF  # noqa: PLW2901 - the byte is the one decrypted
            self._turn(byte)
            plain.append(byte)
        return bytes(plain)

    def is_sealed(self, tail: bytes) -> bool:
        """The checksum tells, which is not of this class."""
        return True

    def _turn(self, byte: int) -> None:
        self._first = self._crc(self._first, byte)
        self._second = ((self._second + (self._first & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        self._third = self._crc(self._third, self._second >> 24)

    def _crc(self, value: int, byte: int) -> int:
        return (value >> 8) ^ self._table[(value ^ byte) & 0xFF]


def decrypter_of(source: Source, member: Member, password: Secret | None, *, knows_aes: bool) -> Decrypter:
    """What decrypts this member.

    Raises:
        ConnectorError: there is no password, or the driver does not know the encryption.
    """
    if not member.is_encrypted:
        return PlainText()
    if password is None:
        raise password_error(f"{source.name} is encrypted, and there is no password; nothing is unpacked")
    if member.aes is None:
        return OldDecrypter(member, password)
    if knows_aes:
        return AesDecrypter(member, member.aes.strength, password)
    raise ConnectorError(
        f"{source.name} is encrypted with AES, which the driver zipfile can't read",
        code="AF-ARCHIVE-ENCRYPTION",
        help="use a resource with the driver pyzipper",
    )


def password_error(what: str) -> ConnectorError:
    """The error for a password that is missing or wrong."""
    mend = "give the one that it was encrypted with as `password`"
    return ConnectorError(what, code="AF-ARCHIVE-PASSWORD", help=mend)
