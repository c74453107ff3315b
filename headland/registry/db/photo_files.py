"""Files of photos beside the registry: one each, in a folder of their organisation."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from headland.registry.models.models import NotePhoto

_NAME: Final = re.compile(r"[0-9a-z]{1,64}")
_SUFFIXES: Final = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}


def digest_of(data: bytes) -> str:
    """Return the SHA-256 of a photo's bytes in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True, slots=True)
class PhotoFiles:
    """Photos below a folder, and how many bytes of them one organisation may have."""

    folder: Path
    most_bytes: int = 2_000_000_000

    def write(self, organisation: str, photo: NotePhoto, data: bytes) -> None:
        """Write a photo; it is on the disk afterwards, whole or not at all."""
        path = self._path(organisation, photo)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        waiting = path.with_suffix(".part")
        with waiting.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        waiting.replace(path)
        descriptor = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def read(self, organisation: str, photo: NotePhoto) -> bytes | None:
        """Return a photo; None where its file is missing or has other bytes."""
        try:
            data = self._path(organisation, photo).read_bytes()
        except OSError:
            return None
        return data if digest_of(data) == photo.digest else None

    def delete(self, organisation: str, ids: Iterable[str]) -> None:
        """Delete photos."""
        for photo in ids:
            for path in self._folder(organisation).glob(f"{_named(photo)}.*"):
                path.unlink(missing_ok=True)

    def keep_only(self, organisation: str, ids: Iterable[str]) -> int:
        """Delete the files of photos that are not listed, those half written included; return how many."""
        kept, deleted = {_named(id_) for id_ in ids}, 0
        for path in sorted(self._folder(organisation).glob("*")):
            if path.stem not in kept:
                path.unlink(missing_ok=True)
                deleted += 1
        return deleted

    def damaged(self, organisation: str, photos: Iterable[NotePhoto]) -> list[str]:
        """Return the ids of the photos whose file is missing or has other bytes."""
        return [photo.id for photo in photos if self.read(organisation, photo) is None]

    def _path(self, organisation: str, photo: NotePhoto) -> Path:
        return self._folder(organisation) / f"{_named(photo.id)}{_SUFFIXES[photo.media]}"

    def _folder(self, organisation: str) -> Path:
        return self.folder / _named(organisation)


def _named(id: str) -> str:  # noqa: A002 - it is a record's id
    if _NAME.fullmatch(id) is None:
        raise ValueError(f"{id!r} is not an id")
    return id
