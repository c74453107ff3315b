"""Notices of the Python packages in a folder, for what is handed on with them: the image and Debian's package.

`python deploy/notices.py FOLDER` prints the licence files of each distribution, in the order of their names; for one
without such a file what its metadata says. Only the standard library: it runs in the image's build.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection
from email.parser import HeaderParser
from pathlib import Path
from typing import Final

_RULE: Final = "=" * 100
_FILE: Final = re.compile(r"(licen[cs]e|copying|notice|authors)", re.IGNORECASE)
_OWN: Final = "headland"


def notices_of(folder: Path, names: Collection[str] | None = None) -> str:
    """Return the notices of the distributions in a folder, Headland's own left out; with `names` of those alone.

    Raises LookupError where one of the names is not installed.
    """
    found = {canonical_name(info.name.partition("-")[0]): info for info in folder.glob("*.dist-info")}
    if names is not None:
        wanted = {canonical_name(name) for name in names}
        if missing := sorted(wanted - set(found)):
            raise LookupError(f"not installed: {', '.join(missing)}")
        found = {name: info for name, info in found.items() if name in wanted}
    parts = [notice for info in found.values() if (notice := _notice(info)) is not None]
    head = "Python packages that are handed on with Headland, with their notices.\n"
    return f"\n{_RULE}\n".join([head, *sorted(parts, key=str.lower)])


def canonical_name(name: str) -> str:
    """Return the one form of a distribution's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _notice(info: Path) -> str | None:
    metadata = HeaderParser().parsestr((info / "METADATA").read_text(encoding="utf-8", errors="replace"))
    if metadata["Name"].lower() == _OWN:
        return None
    licence = metadata["License-Expression"] or (metadata["License"] or "").split("\n")[0][:100]
    classifiers = [each for each in metadata.get_all("Classifier", []) if each.startswith("License")]
    licence = licence or "; ".join(each.rpartition(" :: ")[2] for each in classifiers) or "see its project"
    files = [file for file in sorted(info.rglob("*")) if file.is_file() and _FILE.match(file.name)]
    texts = [file.read_text(encoding="utf-8", errors="replace").rstrip() for file in files]
    if not texts:
        author = metadata["Author"] or metadata["Author-Email"] or "its authors"
        texts = [f"Copyright (c) {author}. Licence: {licence}."]
    body = "\n\n".join(texts)
    return f"\n{metadata['Name']} {metadata['Version']} ({licence})\n\n{body}\n"


if __name__ == "__main__":
    sys.stdout.write("".join(notices_of(Path(folder)) for folder in sys.argv[1:]))
