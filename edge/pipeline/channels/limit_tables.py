"""Tables of limits: which quality tests hold for a quantity, as data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from edge.pipeline.channels.settings import Checks
from edge.toml.toml_file import TomlFile
from headland.contract.quantities import QUANTITIES
from headland.errors import SettingsError

#: Quantity name -> its tests.
Limits = Mapping[str, Checks]

_SHIPPED: Final = Path(__file__).parent / "limits"


def find_limits(name: str, beside: Path) -> Path | None:
    """Return the table `name` in the folder `beside`, else one that comes along, with or without its .toml."""
    for path in (beside / name, _SHIPPED / name, _SHIPPED / f"{name}.toml"):
        if path.is_file():
            return path
    return None


def load_limits(name: str, beside: Path) -> Limits:
    """Return the limits in the table `name`; none for an empty name. Raises SettingsError."""
    if not name:
        return {}
    path = find_limits(name, beside)
    if path is None:
        raise SettingsError(f"quality.limits: the table {name!r} is neither in {beside} nor built in")
    file = TomlFile(path, dict[str, Checks])
    limits = file.convert()
    for quantity, checks in limits.items():
        if quantity not in QUANTITIES:
            raise file.error((quantity,), f"{quantity!r} is not in the table of quantities")
        wrong = find_mistake(checks)
        if wrong is not None:
            raise file.error((quantity,), f"{quantity}: {wrong}")
    return limits


def merge_checks(general: Checks | None, own: Checks) -> Checks:
    """Return the tests of a channel: its own, and those of the table of limits that it does not replace or put off."""
    if general is None:
        return own
    said = msgspec.structs.asdict(own)
    taken = {
        name: check
        for name, check in msgspec.structs.asdict(general).items()
        if said[name] is None and name not in own.off
    }
    return msgspec.structs.replace(own, **taken)


def find_mistake(checks: Checks) -> str | None:
    """Return the sentence that says what cannot be meant, or None."""
    gross = checks.gross_range
    spans = [gross.fail, gross.suspect] if gross is not None else []
    spans.append(checks.flat_line.between if checks.flat_line is not None else None)
    if any(span is not None and span[0] >= span[1] for span in spans):
        return "a range is [low, high]"
    pairs = [(one.suspect, one.fail) for one in (checks.rate_of_change, checks.spike) if one is not None]
    if checks.flat_line is not None:
        pairs.append((checks.flat_line.suspect_s, checks.flat_line.fail_s))
    if any(suspect is not None and fail is not None and fail <= suspect for suspect, fail in pairs):
        return "what fails a value must lie beyond what makes it suspect"
    return None
