"""Base of the settings tables in edge.toml."""

from __future__ import annotations

import msgspec


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of edge.toml: immutable, with named fields only; an unknown key is refused."""
