"""State of a gateway as its ingest knows it: what an API, the alarm rules and webhooks read."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from headland.contract.records import GatewayStatus, RulesReport, SpoolStatus

#: Turns of processes with one identity that prove two of them.
TWIN_ALTERNATIONS: Final = 2
#: Examples of the API's document.
EXAMPLE_GATEWAY: Final = {"example": "gw-1"}
EXAMPLE_EPOCH: Final = {"example": "0192f3c4"}
EXAMPLE_INSTANT: Final = {"example": 1_795_507_200_000}


class SpoolState(SpoolStatus, frozen=True, kw_only=True, omit_defaults=False):
    """State of a gateway's spool and its losses, as the gateway reports them; in JSON with all of its fields."""


class RecentTrouble(msgspec.Struct, frozen=True, kw_only=True):
    """Contradictions of a gateway in the last hour; `alternations` in the last ten minutes."""

    quarantined: Annotated[int, "Messages refused as a whole or in part."] = 0
    conflicting: Annotated[int, "Samples that contradict stored ones."] = 0
    other_content: Annotated[int, "Records with another content than before."] = 0
    foreign: Annotated[int, "Messages about devices of other gateways."] = 0
    alternations: Annotated[int, "Turns of processes; 2 prove two machines."] = 0

    @property
    def is_twin(self) -> bool:
        """Whether two processes use the gateway's identity."""
        return self.alternations >= TWIN_ALTERNATIONS


class SourceState(msgspec.Struct, frozen=True, kw_only=True):
    """A source of a gateway: a serial line, a network address or a broker that it reads."""

    name: Annotated[str, Meta(extra_json_schema={"example": "drones"})]
    type: Annotated[str, Meta(extra_json_schema={"example": "mavlink"}), "The type in edge.toml."]
    restarts: Annotated[int, Meta(ge=0), "How often it ended by itself and was started again."] = 0
    trouble: Annotated[str, "What prevents it from reading; empty where nothing is known."] = ""
    trouble_zh: Annotated[str, "The same in Chinese; empty where it has none."] = ""


class RulesState(RulesReport, frozen=True, kw_only=True, omit_defaults=False):
    """Alarm rules of the farm at a gateway: what its last status reports, and what ingest has sent since its start."""

    reported: Annotated[bool, "Whether its status says anything of alarm rules: an older gateway's does not."] = False
    sent_revision: Annotated[str, "Revision that was sent last; empty for none."] = ""
    sent_ms: Annotated[int | None, "When the broker first had it."] = None
    trouble: Annotated[str, "Why the broker has it not."] = ""


class UnstoredRecords(msgspec.Struct, frozen=True, kw_only=True):
    """Records of a gateway that are neither in the store nor on their way, as of ten seconds ago."""

    lost: Annotated[int, "Lost, accepted or not."] = 0
    quarantined: Annotated[int, "Waiting in quarantine, also those that the store refused."] = 0
    expired: Annotated[int, "Deleted by retention."] = 0
    dropped: Annotated[int, "Dropped from a full spool, as the gateway reported."] = 0
    not_known: Annotated[int, "No book says what became of them."] = 0


class GatewayState(msgspec.Struct, frozen=True, kw_only=True):
    """A gateway with its newest status. `online` is null where no status was received since the start."""

    id: Annotated[str, Meta(extra_json_schema=EXAMPLE_GATEWAY)]
    online: Annotated[bool | None, "Whether it is connected."]
    last_status_ms: Annotated[int | None, Meta(extra_json_schema=EXAMPLE_INSTANT), "Time of its newest status."]
    software: str
    epoch: Annotated[str, Meta(extra_json_schema=EXAMPLE_EPOCH), "The spool in use."]
    spool: Annotated[SpoolState, "State of its spool."]
    loss: Annotated[int, "Lost records that nobody has accepted, as of ten seconds ago."] = 0
    unstored: Annotated[UnstoredRecords, "Records that are neither in the store nor on their way."] = UnstoredRecords()
    recent: Annotated[RecentTrouble, "Contradictions of the last hour."] = RecentTrouble()
    sources: Annotated[tuple[SourceState, ...], "Its sources; empty while it is offline, and of an older gateway."] = ()
    rules: Annotated[RulesState, "The farm's alarm rules there."] = RulesState()


def spool_of(status: GatewayStatus | None) -> SpoolState:
    """Return the spool of a status with all of its fields in JSON; an empty one without a status."""
    return SpoolState() if status is None else SpoolState(**msgspec.structs.asdict(status.spool))


def rules_of(status: GatewayStatus | None) -> RulesState:
    """Return what a status reports on the farm's alarm rules; of an older gateway, and without a status, nothing."""
    if status is None or status.rules is None:
        return RulesState()
    return RulesState(**msgspec.structs.asdict(status.rules), reported=True)
