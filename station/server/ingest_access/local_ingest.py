"""The ingest beside the API, as the API asks for it."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from api.schemas.gateways import Delivery, Gateway, Quarantined, QuarantinedDetail, Spool
from headland.contract.records import GatewayStatus
from ingest.quarantine import QuarantinedMessage
from ingest.service import IngestService


class LocalIngest:
    """An `api.ops.ingest_port.IngestPort` over an ingest in this process."""

    def __init__(self, ingest: IngestService) -> None:
        self._ingest = ingest

    def gateways(self) -> list[Gateway]:
        """Return every gateway that was heard of, by id."""
        statuses = self._ingest.gateways()
        return [_gateway_of(name, statuses.get(name)) for name in self._ingest.names()]

    def delivery(self, gateway: str) -> Delivery | None:
        """Return what became of a gateway's records; None where nobody has heard of it."""
        return next(iter(self.deliveries([gateway])), None)

    def deliveries(self, gateways: Sequence[str]) -> list[Delivery]:
        """Return what became of the records of several gateways."""
        return [Delivery.model_validate(each) for each in self._ingest.deliveries(gateways)]

    def quarantined(self, limit: int, before: int | None, gateway: str | None) -> list[Quarantined]:
        """Return refused messages, the newest first."""
        return [Quarantined.model_validate(kept) for kept in self._ingest.quarantine.list(limit, before, gateway)]

    def find_quarantined(self, number: int) -> QuarantinedDetail | None:
        """Return one refused message."""
        kept = self._ingest.quarantine.find(number)
        return None if kept is None else quarantined_of(kept)

    def replay(self, number: int) -> bool:
        """Ask for a message to be tried again; False where it is not in quarantine."""
        return self._ingest.replay(number)

    def drop(self, number: int) -> bool:
        """Delete a message; False where it is not in quarantine."""
        return self._ingest.quarantine.drop(number)


def quarantined_of(kept: QuarantinedMessage) -> QuarantinedDetail:
    """Return a refused message with its bytes."""
    return QuarantinedDetail(
        **Quarantined.model_validate(kept).model_dump(),
        properties=kept.properties,
        payload_bytes=len(kept.payload),
        payload_base64=base64.b64encode(kept.payload).decode(),
    )


def _gateway_of(name: str, status: GatewayStatus | None) -> Gateway:
    if status is None:
        return Gateway(id=name, online=None, last_status_ms=None, software="", epoch="", spool=Spool())
    return Gateway(
        id=name,
        online=status.online,
        last_status_ms=status.t,
        software=status.software,
        epoch=status.epoch,
        spool=Spool.model_validate(status.spool),
    )
