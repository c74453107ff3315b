"""What the API asks of an ingest that runs beside it. The station puts the two together: neither knows the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from api.schemas.gateways import Delivery, Gateway, Quarantined, QuarantinedDetail


class IngestPort(Protocol):
    """Answers about gateways and refused messages. Every call may be made from any thread and may raise RetryLater."""

    def gateways(self) -> list[Gateway]:
        """Return every gateway that was heard of, by id."""
        ...

    def delivery(self, gateway: str) -> Delivery | None:
        """Return what became of a gateway's records; None where nobody has heard of it."""
        ...

    def deliveries(self, gateways: Sequence[str]) -> list[Delivery]:
        """Return what became of the records of several gateways."""
        ...

    def quarantined(self, limit: int, before: int | None, gateway: str | None) -> list[Quarantined]:
        """Return refused messages, the newest first."""
        ...

    def find_quarantined(self, number: int) -> QuarantinedDetail | None:
        """Return one refused message."""
        ...

    def replay(self, number: int) -> bool:
        """Ask for a message to be tried again; False where it is not in quarantine."""
        ...

    def drop(self, number: int) -> bool:
        """Delete a message; False where it is not in quarantine."""
        ...
