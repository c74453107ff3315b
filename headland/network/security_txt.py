"""The file security.txt (RFC 9116) for those who report a vulnerability, from the fields of SECURITY.md.

SECURITY.md has one block of fields: `Contact` (one or more URIs, the preferred first), `Expires` (until when they are
believed) and `Preferred-Languages`. `Canonical` is added where the station has a public URL with https.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

PATH: Final = "/.well-known/security.txt"
_BLOCK: Final = re.compile(r"```text\n(Contact: .*?)```", re.DOTALL)
#: Longer than this the RFC recommends that nobody believes a file.
_LONGEST: Final = timedelta(days=366)
#: The name that nobody can have (RFC 2606): a contact there is one that nobody has named yet.
_NOBODY: Final = ".invalid"


@dataclass(frozen=True, slots=True)
class SecurityFields:
    """Fields of SECURITY.md: URIs of contacts, end of validity in UTC, language tags."""

    contacts: tuple[str, ...]
    expires: datetime
    languages: tuple[str, ...]


def read_fields(text: str) -> SecurityFields:
    """Return the fields in the text of SECURITY.md; raises ValueError where one is missing or cannot be read."""
    block = _BLOCK.search(text)
    lines = [line.partition(": ") for line in (block[1] if block else "").splitlines()]
    values = {name: [value for each, _, value in lines if each == name] for name, _, _ in lines}
    if set(values) != {"Contact", "Expires", "Preferred-Languages"} or len(lines) != len(values["Contact"]) + 2:
        raise ValueError("SECURITY.md needs one block of Contact, Expires and Preferred-Languages")
    expires = datetime.fromisoformat(values["Expires"][0])
    if expires.tzinfo is None:
        raise ValueError("Expires of SECURITY.md needs an offset: write 2027-11-30T00:00:00Z")
    languages = tuple(tag.strip() for tag in values["Preferred-Languages"][0].split(","))
    return SecurityFields(tuple(values["Contact"]), expires.astimezone(UTC), languages)


def write_security_txt(fields: SecurityFields, public_url: str | None) -> str:
    """Return the file that a station serves; `public_url` is that by which others reach it, None for none stated."""
    lines = [f"Contact: {contact}" for contact in fields.contacts]
    lines += [f"Expires: {fields.expires:%Y-%m-%dT%H:%M:%SZ}", f"Preferred-Languages: {', '.join(fields.languages)}"]
    if public_url is not None and public_url.startswith("https://"):  # the RFC allows no other URL of the web
        lines.append(f"Canonical: {public_url}{PATH}")
    return "".join(f"{line}\n" for line in lines)


def faults_at_release(fields: SecurityFields, now: datetime) -> list[str]:
    """Return why these fields cannot be released, a sentence each."""
    faults = [
        f"the contact {contact} of SECURITY.md is nobody's: name one that is read"
        for contact in fields.contacts
        if re.search(rf"{re.escape(_NOBODY)}(?:[/:?]|$)", contact)
    ]
    if not now < fields.expires <= now + _LONGEST:
        faults.append(f"Expires of SECURITY.md, {fields.expires:%Y-%m-%d}, is not within a year from now: renew it")
    return faults
