"""Thread that asks providers for weather forecasts: once a place and issue, for all houses and fields there."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from headland.analysis.weather.provider_forecast import asked_place, read_state
from headland.formats.weather.error_documents import read_error
from headland.formats.weather.provider import (
    DecodedForecast,
    ForecastProvider,
    ForecastQuery,
    ForecastSource,
    RefusedForecast,
)
from headland.formats.weather.providers import source_named
from headland.network import polite_requests as polite
from headland.network.http_client import AnswerTooLargeError, HttpAnswer, OutgoingClient
from headland.network.http_target import parse_target
from headland.network.name_resolver import OutgoingError
from headland.network.polite_requests import DayQuota, RequestFault, RequestRules, RequestState
from headland.registry.repositories.weather import name_of_place
from headland.runtime.supervised_thread import SupervisedThread, SupervisedWorker
from station.server.forecast_files.section import ForecastFiles
from station.server.organisation import ensure_organisation

if TYPE_CHECKING:
    from headland.network.address_policy import AddressPolicy
    from headland.registry.models.weather import ForecastPlace, ForecastProviderSetting
    from headland.registry.registry import Registry
    from headland.registry.repositories.organisation_repositories import OrganisationRepositories

_CHECK_EVERY_S: Final = 30.0
_WITHIN_S: Final = 30.0
_READ_AT: Final = frozenset((200, 203))
#: Bytes of an answer without a forecast that are read for what the provider says in it.
_GLANCE_BYTES: Final = 4096
#: Places that one provider is asked for; a farm with more has its own service.
MOST_PLACES: Final = 50


@dataclass(frozen=True, slots=True)
class ForecastAccess:
    """How providers are reached: addresses that are permitted, their keys, and the simulated ones in their stead."""

    policy: AddressPolicy | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    #: Address of simulated providers, by which all are replaced; it is this machine's own setting.
    simulated_url: str | None = None
    #: Folder of forecast files; None where this process has none.
    folder: Path | None = None


class WeatherWorker(SupervisedWorker):
    """Asks at its times; retries while the registry is not reachable. Without a provider that is turned on: nothing."""

    def __init__(
        self,
        registry: Registry,
        handle: str,
        access: ForecastAccess,
        now_ms: Callable[[], int],
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._registry, self._handle, self._access = registry, handle, access
        self._now_ms, self._chance = now_ms, chance
        self._client = OutgoingClient(None if access.simulated_url else access.policy)
        self._counts = dict.fromkeys(("weather_requests", "weather_issues", "weather_unchanged", "weather_failures"), 0)
        self._files = ForecastFiles(access.folder, threading.Event())
        self._thread = SupervisedThread("weather-worker", self.look, every_s=_CHECK_EVERY_S, waits_first=True)

    def stop(self) -> None:
        """End the request that is under way, and the thread."""
        self._thread.stopping.set()
        self._files.stopping.set()
        self._client.close()
        self._thread.stop()

    def counters(self) -> Mapping[str, int]:
        """Return the numbers of requests, issues, failures and files since the start."""
        files = {"weather_files": self._files.read, "weather_files_refused": self._files.refused}
        issues = self._counts["weather_issues"] + self._files.issues
        return {**self._counts, "weather_issues": issues, **files}

    def look(self) -> int:
        """Ask for what is due; return the number of requests. Raises HeadlandError."""
        repositories = ensure_organisation(self._registry, self._handle, "station")
        before = self._counts["weather_requests"]
        for setting in repositories.forecast_providers.all():
            if not setting.enabled:
                continue
            with self._thread.items.isolate(f"The provider of forecasts {setting.provider}"):
                provider = source_named(setting.provider)
                if not isinstance(provider, ForecastProvider):
                    self._files.look(
                        repositories, list(forecast_queries(repositories, provider, setting)), self._now_ms()
                    )
                    continue
                is_simulated = self._access.simulated_url is not None
                for query in forecast_queries(repositories, provider, setting, simulated=is_simulated):
                    if self._thread.stopping.is_set():
                        break
                    with self._thread.items.isolate(f"The forecast of {provider.name} for {query.place}"):
                        self._ask_if_due(repositories, provider, setting, query)
                    self._thread.succeed()
        return self._counts["weather_requests"] - before

    def _ask_if_due(
        self,
        repositories: OrganisationRepositories,
        provider: ForecastProvider,
        setting: ForecastProviderSetting,
        query: ForecastQuery,
    ) -> None:
        weather, place, now_ms = repositories.weather, name_of_place(query.place), self._now_ms()
        rules = RequestRules(every_s=provider.every_s)
        state = read_state(weather.state(provider.name, place))
        # Another model or host is another document, which is asked for at once.
        document = f"{setting.model} {setting.url}"
        if state.document != document:
            state = RequestState(document=document, counts=state.counts)
        if provider.needs_key and not (self._access.simulated_url or self._access.keys.get(provider.name)):
            if state.fault is not RequestFault.NO_KEY:
                weather.save_state(provider.name, place, msgspec.to_builtins(polite.note_no_key(state)), now_ms)
            return
        if not polite.is_due(state, now_ms):
            return
        quota = _read_quota(weather.state(provider.name, ""))
        if quota.spent(provider.quota_a_day, now_ms):
            state = polite.wait_for_tomorrow(state, now_ms, self._chance())
        else:
            weather.save_state(provider.name, "", msgspec.to_builtins(quota.take(now_ms)), now_ms)
            self._counts["weather_requests"] += 1
            has_issue = weather.said_at(query.place, now_ms, provider.name) is not None
            state = self._ask(repositories, provider, setting, query, rules, state, has_issue=has_issue)
        self._counts["weather_failures"] += state.fault is not None
        weather.save_state(provider.name, place, msgspec.to_builtins(state), now_ms)

    def _ask(
        self,
        repositories: OrganisationRepositories,
        provider: ForecastProvider,
        setting: ForecastProviderSetting,
        query: ForecastQuery,
        rules: RequestRules,
        state: RequestState,
        *,
        has_issue: bool,
    ) -> RequestState:
        """Return the state after a request, whose issue is kept where it is one."""
        chance = self._chance()
        try:
            # A document that is not kept any more is asked for whole.
            answer = self._get(provider, setting, query, polite.conditions(state) if has_issue else {})
        except AnswerTooLargeError:
            return polite.note_failure(state, rules, RequestFault.TOO_LARGE, self._now_ms(), chance)
        except (OutgoingError, ValueError):
            return polite.note_failure(state, rules, RequestFault.NO_ANSWER, self._now_ms(), chance)
        now_ms = self._now_ms()
        fault = polite.fault_of_status(answer.status)
        if fault is not None or (answer.status == 304 and not has_issue):
            fault = fault or RequestFault.UNREADABLE
            said = read_error(answer.body, self._access.keys.get(provider.name, ""))
            return polite.note_failure(state, rules, fault, now_ms, chance, answer.headers, detail=said)
        if answer.status == 304:
            self._counts["weather_unchanged"] += 1
            return polite.note_document(state, rules, 304, answer.headers, now_ms, chance)
        decoded = provider.decode(answer.body, query, now_ms)
        if isinstance(decoded, RefusedForecast):
            fault = (polite.fault_of_status(decoded.status) if decoded.status else None) or RequestFault.UNREADABLE
            return polite.note_failure(
                state, rules, fault, now_ms, chance, answer.headers, refusal=decoded.reason, detail=decoded.detail
            )
        self._keep(repositories, decoded)
        left_out = ", ".join(f"{name} {count}" for name, count in sorted(decoded.left_out.items()))
        return polite.note_document(state, rules, answer.status, answer.headers, now_ms, chance, left_out)

    def _keep(self, repositories: OrganisationRepositories, decoded: DecodedForecast) -> None:
        if repositories.weather.add(decoded.issue):
            self._counts["weather_issues"] += 1

    def _get(
        self,
        provider: ForecastProvider,
        setting: ForecastProviderSetting,
        query: ForecastQuery,
        conditions: Mapping[str, str],
    ) -> HttpAnswer:
        """Return the answer of a provider. Raises OutgoingError, and ValueError for a host that is none."""
        request = provider.request(query, self._access.keys.get(provider.name, ""))
        host = self._access.simulated_url or setting.url or request.host or provider.host
        headers = {"User-Agent": _user_agent(setting.contact), "Accept": "*/*", **request.headers, **conditions}
        target = parse_target(host.rstrip("/") + request.target)
        return self._client.get(
            target,
            headers,
            _WITHIN_S,
            provider.most_bytes,
            unpacks=True,
            read_at=_READ_AT,
            glance_bytes=_GLANCE_BYTES,
        )


def forecast_queries(
    repositories: OrganisationRepositories,
    provider: ForecastSource,
    setting: ForecastProviderSetting,
    *,
    simulated: bool = False,
) -> Iterator[ForecastQuery]:
    """Yield a query for each place of the active sites, the same place once."""
    places: set[ForecastPlace] = set()
    for site in repositories.sites.all():
        place = asked_place(repositories, site, provider.decimals) if site.active else None
        if place is None or place in places or len(places) >= MOST_PLACES:
            continue
        places.add(place)
        yield ForecastQuery(place=place, model=setting.model, time_zone=site.time_zone, simulated=simulated)


def _user_agent(contact: str) -> str:
    """Return what identifies this software, and whoever runs it where they say so."""
    try:
        version = metadata.version("headland")
    except metadata.PackageNotFoundError:
        version = "0"
    return f"headland/{version} {contact}".strip()


def _read_quota(saved: dict[str, object] | None) -> DayQuota:
    try:
        return DayQuota() if saved is None else msgspec.convert(saved, DayQuota)
    except msgspec.ValidationError:
        return DayQuota()
