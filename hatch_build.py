"""Build hook: a wheel carries the manual pages, the completion of shells, and the help pages where they are built."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class HelpPages(BuildHookInterface[Any]):
    """Adds build/help as api/help, and what is made of the command line; an editable installation has none of it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the pages; a wheel that is built without help pages has none, and `/help` says so."""
        if version == "editable":
            return
        if (Path(self.root) / "build" / "help" / "index.html").is_file():
            build_data["force_include"]["build/help"] = "api/help"
        sys.path.insert(0, self.root)
        try:
            from docs.generator.manual import write_manual
        finally:
            sys.path.remove(self.root)
        share = Path(self.root) / "build" / "share"
        for file in write_manual(share, self.metadata.version):
            build_data["shared_data"][str(share / file)] = f"share/{file}"
