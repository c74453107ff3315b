"""List of the decision pages."""

from __future__ import annotations

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).resolve().parents[1] / "decisions"


def to_markdown() -> str:
    """Return a list with a link to each decision, in their order."""
    return "\n".join(f"- [{_title(page)}](../decisions/{page.name})" for page in sorted(FOLDER.glob("*.md")))


def _title(page: Path) -> str:
    return page.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")
