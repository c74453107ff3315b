"""Tables of limits: the quality tests of each quantity, read from TOML."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from edge.pipeline.channels.settings import QualityChecks
from edge.toml.toml_file import TomlFile
from headland.contract.quantities import QUANTITIES
from headland.errors import SettingsError

#: Quantity name -> its tests.
Limits = Mapping[str, QualityChecks]

_BUILT_IN: Final = Path(__file__).parent / "limits"


def find_limits(name: str, beside: Path) -> Path | None:
    """Return the path of table `name` in `beside`, else of a built-in one, with or without .toml; None if absent."""
    for path in (beside / name, _BUILT_IN / name, _BUILT_IN / f"{name}.toml"):
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
    file = TomlFile(path, dict[str, QualityChecks])
    limits = file.convert()
    for quantity, checks in limits.items():
        if quantity not in QUANTITIES:
            raise file.error((quantity,), f"{quantity!r} is not in the table of quantities")
        mistake = find_mistake(checks)
        if mistake is not None:
            raise file.error((quantity,), f"{quantity}: {mistake}")
    return limits


def merge_checks(general: QualityChecks | None, own: QualityChecks) -> QualityChecks:
    """Return the tests of a channel: its own, and those of the table of limits that it neither replaces nor removes."""
    if general is None:
        return own
    own_checks = msgspec.structs.asdict(own)
    inherited = {
        name: check
        for name, check in msgspec.structs.asdict(general).items()
        if own_checks[name] is None and name not in own.off
    }
    return msgspec.structs.replace(own, **inherited)


def find_mistake(checks: QualityChecks) -> str | None:
    """Return a sentence about the first contradiction in the tests, or None."""
    gross = checks.gross_range
    spans = [gross.fail, gross.suspect] if gross is not None else []
    spans.append(checks.flat_line.between if checks.flat_line is not None else None)
    if any(span is not None and span[0] >= span[1] for span in spans):
        return "a range is [low, high], with low below high"
    pairs = [(check.suspect, check.fail) for check in (checks.rate_of_change, checks.spike) if check is not None]
    if checks.flat_line is not None:
        pairs.append((checks.flat_line.suspect_s, checks.flat_line.fail_s))
    if any(suspect is not None and fail is not None and fail <= suspect for suspect, fail in pairs):
        return "the limit of fail must be beyond the limit of suspect"
    return None
