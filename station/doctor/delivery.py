"""Check of the delivery of all gateways: two machines under one name, losses, conflicts."""

from __future__ import annotations

from typing import Final

import msgspec

from station.doctor.finding import DiagnosticContext, Finding, State
from station.doctor.storage import ask_station

_CHECK: Final = "delivery"
#: End of the station's sentence where there is nothing to tell.
ALL_WELL: Final = "each record of each gateway is accounted for"
_REMEDY: Final = (
    "GET /v1/gateways/ID/delivery names the records, devices and spools; see docs/how-to/check-a-farm.md. "
    "If a gateway was renamed or replaced: headland gateway replace OLD NEW."
)


def check_delivery(context: DiagnosticContext) -> list[Finding]:
    """Ask the running station whether each gateway is one machine and what is lost; nothing without a station."""
    if context.api_url is None:
        return []
    finding = ask_station(context, _CHECK)
    if finding.state is State.UNKNOWN:
        return []  # a station of an older version, or one without ingest
    if finding.state is State.FAILED:
        return [msgspec.structs.replace(finding, remedy=_REMEDY)]
    if finding.condition.endswith(ALL_WELL):
        return [finding]
    return [msgspec.structs.replace(finding, state=State.WARNING, remedy=_REMEDY)]
