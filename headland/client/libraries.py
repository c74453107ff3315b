"""Libraries that frames are made with: none is needed before its frame is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from headland.errors import SettingsError


def load(name: str) -> Any:
    """Return a library by its module's name; raises SettingsError with the remedy where it is not installed."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise SettingsError(f"{name} is not installed: pip install 'headland[frames]'.") from error
