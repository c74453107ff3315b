"""Enrolment of a gateway as it is stored: its code while it waits, and its certificates."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from headland.errors import SettingsError
from headland.network.enrolment.life import LIFE_MS

ENROLMENTS_FILE: Final = "enrolments.json"
#: So many revoked certificates of a gateway are kept also where the clock says that they have ended: a clock that is
#: ahead for a while opens no old card.
_KEPT_REVOKED: Final = 16


class Enrolment(msgspec.Struct, kw_only=True):
    """A gateway's code while it waits, and its certificates.

    Every certificate that was signed and has not ended is the newest, the one before it, or revoked.
    """

    gateway: str
    settings: str
    code_id: str = ""
    secret: str = ""
    expires_ms: int = 0
    is_used: bool = False
    #: Serial numbers, in hexadecimal: the newest certificate, the one before it, and all that are revoked.
    serial: str = ""
    former_serial: str = ""
    #: The newest certificate (PEM), and its public key (base64).
    certificate: str = ""
    key: str = ""
    enrolled_ms: int = 0
    renewed_ms: int = 0
    revoked: list[str] = []
    #: When certificates end, by serial number; what an earlier version signed is not in it before its revocation.
    ends_ms: dict[str, int] = {}
    #: Its login was removed: nothing of it is listed, and its certificates stay revoked.
    is_removed: bool = False

    @property
    def is_shut(self) -> bool:
        """Whether nothing that this gateway has is accepted: neither a certificate nor, before its first one, a login.

        A code that waits opens nothing: whoever has an earlier card is not let in by it.
        """
        return not self.serial and not self.is_removed and (self.enrolled_ms > 0 or not self.code_id)

    def revoke_all(self, now_ms: int) -> None:
        """Revoke every certificate, and forget what the newest one answers to."""
        self._revoke(now_ms, self.serial, self.former_serial)
        self.serial = self.former_serial = self.certificate = self.key = ""

    def follow(self, serial: str, certificate: str, key: str, now_ms: int) -> None:
        """Take a signed certificate as the newest; the one before the last is revoked."""
        self._revoke(now_ms, self.former_serial)
        self.former_serial, self.serial, self.certificate, self.key = self.serial, serial, certificate, key
        self.ends_ms[serial] = now_ms + LIFE_MS

    def return_to_former(self, now_ms: int) -> None:
        """Revoke the newest certificate, which never reached the gateway; the one before it is the newest again."""
        self._revoke(now_ms, self.serial)
        self.serial, self.former_serial = self.former_serial, ""

    def forget_ended(self, now_ms: int) -> None:
        """Forget the oldest revoked certificates that have ended: nobody accepts them."""
        for serial in self.revoked:
            self.ends_ms.setdefault(serial, now_ms + LIFE_MS)
        ended = {serial for serial in self.revoked[:-_KEPT_REVOKED] if self.ends_ms[serial] < now_ms}
        self.revoked = [serial for serial in self.revoked if serial not in ended]
        held = {self.serial, self.former_serial, *self.revoked}
        self.ends_ms = {serial: end for serial, end in self.ends_ms.items() if serial in held}

    def _revoke(self, now_ms: int, *serials: str) -> None:
        for serial in filter(None, serials):
            self.revoked.append(serial)
            self.ends_ms.setdefault(serial, now_ms + LIFE_MS)


def read_enrolments(folder: Path) -> list[Enrolment]:
    """Return the enrolments in a folder; none before the first. Raises SettingsError where they cannot be read."""
    path = folder / ENROLMENTS_FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Enrolment])
    except FileNotFoundError:
        return []
    except (OSError, msgspec.MsgspecError) as error:
        raise SettingsError(
            f"{path} cannot be read: {error}. Put it back from a backup, or move it aside and enrol the gateways again."
        ) from error
