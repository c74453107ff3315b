"""Base of the settings tables in edge.toml, and the error that names a place in one."""

from __future__ import annotations

import msgspec

from edge.toml.positions import TomlPath
from headland.errors import SettingsError


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of edge.toml: immutable, with named fields only; an unknown key is refused."""


class TableError(SettingsError):
    """A mistake in a settings table; `path` leads from that table to the value that is wrong.

    The table does not know its file: whoever read the file adds the file's name and the line.
    """

    def __init__(self, path: TomlPath, sentence: str) -> None:
        super().__init__(sentence)
        self.path = path
