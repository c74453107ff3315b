"""Notices of what the help pages contain of others: the theme with its scripts and icons, and the search of MkDocs."""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path
from typing import Final

NAME: Final = "THIRD_PARTY_NOTICES.txt"
#: Distributions whose files are copied into the pages.
_COPIED: Final = ("mkdocs-material", "mkdocs")
_ICONS: Final = ("fontawesome", "material", "octicons", "simple")
_COMMENT: Final = re.compile(r"/\*[!*].*?\*/", re.DOTALL)
_NOTICE: Final = re.compile(r"licen[cs]e|copyright|\(c\)", re.IGNORECASE)
_RULE: Final = "=" * 100


def write_notices(site: Path) -> None:
    """Write the notices of a built site into it."""
    (site / NAME).write_text(notices_of(site), encoding="utf-8")


def notices_of(site: Path) -> str:
    """Return the licences of the theme and its icons, and the notices within the site's scripts and styles."""
    parts = ["Parts of the help pages of Headland that are of others, with their notices.\n"]
    parts += [_of_distribution(name) for name in _COPIED]
    parts += [_of_icons(name) for name in _ICONS]
    for file in sorted([*site.rglob("*.js"), *site.rglob("*.css")]):
        found = _COMMENT.findall(file.read_text(encoding="utf-8", errors="replace"))
        comments = [comment for comment in dict.fromkeys(found) if _NOTICE.search(comment)]
        if comments:
            parts.append(f"\n{file.relative_to(site)}\n\n" + "\n\n".join(comments) + "\n")
    return f"\n{_RULE}\n".join(parts)


def _of_distribution(name: str) -> str:
    found = importlib.metadata.distribution(name)
    files = [file for file in found.files or () if re.match(r"licen[cs]e", file.name, re.IGNORECASE)]
    own = [file for file in files if any(part.endswith(".dist-info") for part in file.parts)]
    texts = [Path(str(found.locate_file(file))).read_text(encoding="utf-8") for file in own]
    if not texts:
        raise FileNotFoundError(f"{name} {found.version} has no file of its licence")
    return f"\n{name} {found.version}\n\n" + "\n\n".join(text.rstrip() for text in texts) + "\n"


def _of_icons(name: str) -> str:
    found = importlib.metadata.distribution("mkdocs-material")
    folder = Path(str(found.locate_file("material"))) / "templates" / ".icons" / name
    texts = [file.read_text(encoding="utf-8").rstrip() for file in sorted(folder.glob("LICENSE*"))]
    if not texts:
        raise FileNotFoundError(f"the icons {name} have no file of their licence")
    return f"\nicons of mkdocs-material: {name}\n\n" + "\n\n".join(texts) + "\n"
