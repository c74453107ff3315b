"""Search of files for a text in every form in which bytes may hold it, members of archives included."""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote


def forms_of(text: str) -> set[bytes]:
    """Return a text as UTF-8, UTF-16, GB 18030, percent-encoded, within JSON, and in Base64 at each of three places."""
    raw = text.encode()
    forms = {raw, text.encode("utf-16-le"), text.encode("utf-16-be"), text.encode("gb18030")}
    forms |= {quote(text, safe="").encode(), quote(text, safe="").lower().encode()}
    escaped = json.dumps(text)[1:-1].encode()
    forms |= {escaped, escaped.upper().replace(b"\\U", b"\\u")}
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + raw)
        # What stands at the edges depends on the bytes beside it.
        inner = coded[(0, 2, 3)[before] : len(coded) - 4]
        if len(inner) >= 8:
            forms |= {inner, inner.translate(bytes.maketrans(b"+/", b"-_"))}
    return forms


def hits_in(data: bytes, forms: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the forms that are in bytes, or in what is compressed in them."""
    forms = tuple(forms)
    for content in (data, *_unpacked(data)):
        lowered = content.lower()
        for form in forms:
            if form in content or form.lower() in lowered:
                yield form


def hits_below(folder: Path, texts: Iterable[str]) -> list[str]:
    """Return the files below a folder that hold one of the texts, with the form; also where a name does."""
    found = []
    forms = set().union(*(forms_of(text) for text in texts))
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        found += [f"{path.relative_to(folder)}: {form!r}" for form in set(hits_in(path.read_bytes(), forms))]
        found += [f"{path.relative_to(folder)}: its name" for form in forms if form in str(path).encode()]
    return found


def _unpacked(data: bytes) -> Iterator[bytes]:
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield name.encode() + b"\n" + archive.read(name)
    for start in (match.start() for match in re.finditer(rb"\x1f\x8b\x08", data)):
        try:
            yield zlib.decompressobj(31).decompress(data[start:])
        except zlib.error:
            continue
    for start in (match.start() for match in re.finditer(rb"\x78[\x01\x5e\x9c\xda]", data)):
        try:
            yield zlib.decompressobj().decompress(data[start:], 16_000_000)
        except zlib.error:
            continue
