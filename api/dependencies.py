"""Dependencies of the routes: the scope of a request, its access, and the services beside this API."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from api.ops.clock_port import ClockPort
from api.ops.file_imports import FileImports
from api.ops.gateway_enrolment import GatewayEnrolment, GatewayRegistrar
from api.ops.ingest_port import IngestPort
from api.ops.store_admin_port import StoreAdmin
from headland.analysis.inputs.result_cache import ResultCache
from headland.analysis.inputs.scope import OrgScope
from headland.contract.posts.uplinks import UplinkReader
from headland.network.address_policy import AddressPolicy
from headland.registry.db.photo_files import PhotoFiles
from headland.registry.registry import Access, Registry
from headland.runtime.readiness import Check
from headland.runtime.supervised_thread import ThreadStatus
from headland.store.port import Store


def no_threads() -> Sequence[ThreadStatus]:
    """Return no threads: the application runs beside none that is supervised."""
    return ()


@dataclass(frozen=True, slots=True)
class HomeServices:
    """The services of this process, all of one organisation: no other organisation's key reads them.

    `now_ms` returns the present time; `cache` holds results of all organisations, by keys that name theirs; `threads`
    returns the status of the threads of the process. `webhooks_to` has the addresses to which recipients may lead, None
    where nothing here is sent. `public_url` is the URL by which others reach the station, None where it is not stated.
    """

    store: Store
    registry: Registry | None
    organisation: str
    now_ms: Callable[[], int]
    readiness: Callable[[], list[Check]]
    counters: Callable[[], Mapping[str, float]]
    gateways: IngestPort | None = None
    store_admin: StoreAdmin | None = None
    cache: ResultCache = field(default_factory=ResultCache)
    threads: Callable[[], Sequence[ThreadStatus]] = no_threads
    webhooks_to: AddressPolicy | None = None
    #: Why this process sends nothing to recipients of a kind, in the catalogue's `recipient_faults`.
    unreachable: Mapping[str, str] = field(default_factory=dict)
    registrar: GatewayRegistrar | None = None
    enrolment: GatewayEnrolment | None = None
    imports: FileImports | None = None
    base_map: Path | None = None
    photos: PhotoFiles | None = None
    #: The file with the notes on what the station's books have lost.
    book_notes: Path | None = None
    #: The farm's folder, whose disk is watched.
    farm_folder: Path | None = None
    clock: ClockPort | None = None
    public_url: str | None = None
    #: Reads what network servers of LoRaWAN post.
    uplinks: UplinkReader | None = None

    def serves(self, scope: OrgScope) -> bool:
        """Tell whether these services belong to the organisation of `scope`."""
        return scope.organisation == self.organisation

    def count(self) -> Mapping[str, float]:
        """Return the counters of the services beside the API and of its cache, or those of all caches."""
        return {**self.cache.counters(), **self.counters()}

    def scope(self, access: Access) -> OrgScope:
        """Return the scope of a request that begins now."""
        return OrgScope(
            self.store,
            self.registry,
            access.organisation.handle,
            self.now_ms(),
            access.by,
            self.cache,
            access.only_person,
            access.acts_as,
            access.organisation.id,
        )


def scope_of(request: Request) -> OrgScope:
    """Return the scope of a request: its instant, and the organisation and name of its key or session."""
    return home_of(request).scope(access_of(request))


def home_of(request: Request) -> HomeServices:
    """Return the services in this process."""
    home: HomeServices = request.app.state.home
    return home


def access_of(request: Request) -> Access:
    """Return the access that the request's key or session grants."""
    access: Access = request.state.access
    return access


async def _depend_on_scope(request: Request) -> OrgScope:
    # As coroutines the dependencies need no thread, of which slow requests may have taken all.
    return scope_of(request)


async def _depend_on_home(request: Request) -> HomeServices:
    return home_of(request)


async def _depend_on_access(request: Request) -> Access:
    return access_of(request)


ScopeOf = Annotated[OrgScope, Depends(_depend_on_scope)]
HomeOf = Annotated[HomeServices, Depends(_depend_on_home)]
AccessOf = Annotated[Access, Depends(_depend_on_access)]
