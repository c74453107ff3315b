"""Search of files for texts, byte by byte, in the forms in which programs write them, members of archives included."""

from __future__ import annotations

import base64
import json
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from headland.errors import DataDamaged
from headland.files.zip_members import open_zip

_CHUNK_BYTES: Final = 4 * 1024 * 1024
_GZIP: Final = b"\x1f\x8b\x08"
#: Most that is read of one member of an archive.
_MOST_MEMBER_BYTES: Final = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class FileSearch:
    """Result of a search: files and bytes that were read, those with one of the texts, and those not read whole.

    Paths are those below the folder.
    """

    files: int
    size_bytes: int
    found: tuple[str, ...]
    unread: tuple[str, ...]


def search_files(folder: Path, texts: Iterable[str], most_bytes: int) -> FileSearch:
    """Search all files below a folder, the smallest first, until `most_bytes` are read; links are not followed."""
    forms = tuple(sorted(set().union(*(_forms_of(text) for text in texts))))
    listed = sorted(_files_below(folder))
    count = total = 0
    found, unread = [], []
    for size, path in listed:
        name = str(path.relative_to(folder))
        if total + size > most_bytes:
            unread.append(name)
            continue
        try:
            is_found = forms != () and _holds(path, forms)
        except (OSError, DataDamaged):
            unread.append(name)
            continue
        count, total = count + 1, total + size
        if is_found:
            found.append(name)
    return FileSearch(count, total, tuple(sorted(found)), tuple(sorted(unread)))


def _files_below(folder: Path) -> Iterator[tuple[int, Path]]:
    for root, _, names in os.walk(folder):
        for name in names:
            path = Path(root) / name
            if path.is_file() and not path.is_symlink():
                yield path.stat().st_size, path


def _holds(path: Path, forms: tuple[bytes, ...]) -> bool:
    if _is_in(_chunks(path), forms):
        return True
    with path.open("rb") as file:
        head = file.read(len(_GZIP))
    if head == _GZIP:
        return _is_in(_unpacked(path), forms)
    if zipfile.is_zipfile(path):
        return _is_in_members(path, forms)
    return False


def _is_in_members(path: Path, forms: tuple[bytes, ...]) -> bool:
    with open_zip(path) as members:
        for name in members.sizes:
            if _is_in(iter([name.encode()]), forms) or _is_in(members.chunks(name, _MOST_MEMBER_BYTES), forms):
                return True
        if members.is_cut:
            raise DataDamaged(f"{path.name} has more members than are read")
    return False


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def _unpacked(path: Path) -> Iterator[bytes]:
    """Yield the contents of a gzip file, of all its parts. Raises DataDamaged where it is damaged, cut or too large."""
    unpack, total, is_between = zlib.decompressobj(31), 0, True
    for chunk in _chunks(path):
        waiting = chunk
        while waiting:
            # What fills a file up after a part is zero.
            if is_between and not (waiting := waiting.lstrip(b"\0")):
                break
            try:
                piece = unpack.decompress(waiting, _CHUNK_BYTES)
            except zlib.error as error:
                raise DataDamaged(f"it cannot be unpacked: {error}") from error
            total += len(piece)
            if total > _MOST_MEMBER_BYTES:
                raise DataDamaged("it would be too large")
            yield piece
            waiting, is_between = unpack.unconsumed_tail, unpack.eof
            if unpack.eof:
                waiting, unpack = unpack.unused_data, zlib.decompressobj(31)
    if not is_between:
        raise DataDamaged("it is cut")


def _is_in(chunks: Iterator[bytes], forms: tuple[bytes, ...]) -> bool:
    """Tell whether one of the forms is in bytes that come in chunks, also across two of them."""
    most = max(map(len, forms)) - 1
    end = b""
    for chunk in chunks:
        # Case differs in an address and in percent-encoding; what is not ASCII stays as it is.
        held = (end + chunk).lower()
        if any(form in held for form in forms):
            return True
        end = held[-most:] if most else b""
    return False


def _forms_of(text: str) -> set[bytes]:
    """Return a text as UTF-8, UTF-16, GB 18030, percent-encoded, within JSON and in Base64, in lower case."""
    raw = text.encode()
    forms = {raw, text.encode("utf-16-le"), text.encode("utf-16-be"), text.encode("gb18030")}
    forms |= {quote(text, safe="").encode(), json.dumps(text)[1:-1].encode()}
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + raw)
        inner = coded[(0, 2, 3)[before] : len(coded) - 4]
        if len(inner) >= 8:
            forms.add(inner)
    return {form.lower() for form in forms}
