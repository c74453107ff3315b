"""Places of live clients: so many of a process, of an organisation and of a key."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Final

from headland.errors import HeadlandError

#: Live clients of a process. Each holds a connection of the server, which serves other requests as well.
MOST_CLIENTS: Final = 1400
MOST_OF_ORGANISATION: Final = 1000
#: Of one key, or of who signed in.
MOST_OF_OWNER: Final = 250


class FeedFullError(HeadlandError):
    """All places are taken, or all of the owner or the organisation."""


class LivePlaces:
    """Places of live clients, taken and left from any thread."""

    def __init__(
        self,
        most: int = MOST_CLIENTS,
        most_of_organisation: int = MOST_OF_ORGANISATION,
        most_of_owner: int = MOST_OF_OWNER,
    ) -> None:
        self._lock = threading.Lock()
        self._taken: Counter[tuple[str, ...]] = Counter()
        self._most = most, most_of_organisation, most_of_owner

    def bound(self, connections: int) -> None:
        """Leave a third of the server's connections to other requests, where it has few: all shares become smaller."""
        with self._lock:
            share = min(1.0, connections * 2 / 3 / self._most[0])
            self._most = tuple(max(1, int(most * share)) for most in self._most)  # type: ignore[assignment] # three

    def take(self, organisation: str, owner: str) -> None:
        """Take a place; raises FeedFullError."""
        places = _places_of(organisation, owner)
        with self._lock:
            of_all, of_organisation, of_owner = (self._taken[place] for place in places)
            most, most_of_organisation, most_of_owner = self._most
            if of_all >= most:
                raise FeedFullError(f"This station has {of_all} live clients, its maximum: connect again later.")
            if of_organisation >= most_of_organisation:
                raise FeedFullError(
                    f"This organisation has {of_organisation} live clients, its share: close other pages, or"
                    " connect later."
                )
            if of_owner >= most_of_owner:
                raise FeedFullError(
                    f"This key has {of_owner} live clients, its share: close other pages, use another key, or"
                    " connect later."
                )
            self._taken.update(places)

    def leave(self, organisation: str, owner: str) -> None:
        """Leave a place."""
        with self._lock:
            for place in _places_of(organisation, owner):
                self._taken[place] -= 1
                if not self._taken[place]:
                    del self._taken[place]


def _places_of(organisation: str, owner: str) -> tuple[tuple[str, ...], ...]:
    return (), (organisation,), (organisation, owner)
