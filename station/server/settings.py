"""Settings of a station and of an API alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from api.auth.limits import Limits
from api.auth.oidc import Issuer
from api.http.addresses import Addresses
from api.ops.file_imports import FileImports
from api.ops.gateway_enrolment import GatewayEnrolment, GatewayRegistrar
from headland.alarms.rules.targets import in_real_time
from headland.i18n import Language
from headland.network.address_policy import PUBLIC_ONLY, AddressPolicy
from headland.registry.db.photo_files import PhotoFiles
from headland.runtime.supervised_thread import ThreadStatus
from headland.runtime.tracing.settings import TraceSettings
from ingest.settings import IngestSettings
from station.server.notifications.channels import MailSettings

_LIMITS: Final = Limits()
_ADDRESSES: Final = Addresses()


class OwnedImports(FileImports, Protocol):
    """Imports of files with a thread of their own."""

    def start(self) -> None:
        """Go on with what is queued."""
        ...

    def stop(self) -> None:
        """End the import under way; the next start goes on with it."""
        ...

    def threads(self) -> list[ThreadStatus]:
        """Return the status of the thread."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedSettings:
    """Settings of what serves the API at an address."""

    store_url: str
    host: str
    port: int
    issuer: Issuer | None = None
    limits: Limits = _LIMITS
    addresses: Addresses = _ADDRESSES
    mail: MailSettings | None = None
    #: Addresses to which webhooks may lead.
    webhooks_to: AddressPolicy = PUBLIC_ONLY
    #: Keys of providers of weather forecasts, by name.
    forecast_keys: Mapping[str, str] = field(default_factory=dict)
    photos: PhotoFiles | None = None
    #: Where traces go; None for nowhere.
    traces: TraceSettings | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StationSettings(ServedSettings):
    """Settings of `headland station` and of `headland ingest run --listen`; `demo` is the simulated scenario."""

    ingest: IngestSettings
    registry_url: str | None = None
    demo: str | None = None
    demo_scale: int | None = None
    demo_language: Language = "en"
    store_token: str | None = None
    #: Discovery prefix of Home Assistant; None turns the bridge off.
    home_prefix: str | None = None
    #: File of the bootstrap key.
    api_key_path: Path | None = None
    #: Token of the remote API, where this worker has no registry.
    worker_token: str | None = None
    #: Adds gateways to the farm's broker, and enrols them by code.
    registrar: GatewayRegistrar | None = None
    enrolment: GatewayEnrolment | None = None
    #: Takes files for import.
    imports: OwnedImports | None = None
    #: File of the base map.
    base_map: Path | None = None
    #: How far the clock of this farm's simulators is behind an instant.
    simulated_lag_ms: Callable[[int], int] = in_real_time
    #: Address of simulated providers of weather forecasts, which replace all others.
    simulated_forecasts: str | None = None
    #: Record of the station's clock, and the gateways on the same machine, which have the same clock.
    clock_path: Path | None = None
    #: The farm's folder, whose growth and disk are watched; None watches none.
    farm_folder: Path | None = None
    local_gateways: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSettings(ServedSettings):
    """Settings of `headland api`; `ingest_urls` are the addresses of the ingest workers."""

    registry_url: str
    organisation: str
    ingest_urls: Sequence[str] = ()
    worker_token: str = ""
