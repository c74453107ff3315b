"""Build hook: a wheel carries the help pages where they are built."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class HelpPages(BuildHookInterface[Any]):
    """Adds build/help to a wheel as api/help; an editable installation serves build/help itself."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the pages; a wheel that is built without them has none, and `/help` says so."""
        if version != "editable" and (Path(self.root) / "build" / "help" / "index.html").is_file():
            build_data["force_include"]["build/help"] = "api/help"
