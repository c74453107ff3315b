"""File of a source's flights with gaps, so that a restart of the gateway goes on where it was."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

import msgspec

from edge.sources.mavlink.card.flights import Flight

_LOGGER = logging.getLogger(__name__)
#: Flights that are remembered; the oldest go first.
MOST_FLIGHTS: Final = 50


class FlightFile:
    """The flights of one source. `is_clean` is false where the gateway was killed while it ran."""

    def __init__(self, path: Path) -> None:
        self._path = path
        kept = _read(path)
        self.flights = kept.flights
        self.was_clean = kept.is_clean

    def add(self, flight: Flight) -> None:
        """Add a flight."""
        self.flights.append(flight)
        del self.flights[:-MOST_FLIGHTS]

    def write(self, *, is_clean: bool = False) -> None:
        """Write the file; a full disk does not stop the gateway."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            new_path = self._path.with_suffix(".json.new")
            new_path.write_bytes(msgspec.json.encode(_Kept(self.flights, is_clean)))
            new_path.replace(self._path)
        except OSError as error:
            _LOGGER.warning("%s cannot be written (%s): a restart forgets which flights have gaps", self._path, error)


class _Kept(msgspec.Struct):
    """The file's content."""

    flights: list[Flight] = []
    is_clean: bool = True


def _read(path: Path) -> _Kept:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Kept)
    except FileNotFoundError:
        return _Kept()
    except (OSError, msgspec.MsgspecError) as error:
        _LOGGER.warning("%s cannot be read (%s): flights before this are not healed", path, error)
        return _Kept()
