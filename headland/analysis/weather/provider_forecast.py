"""Forecast of a site by its provider: what was said at an instant, how old it is, and why there is none."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
import numpy as np

from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.scope import OrgScope
from headland.contract.quantities import unit_of_channel
from headland.errors import SettingsError
from headland.formats.weather.files import FILES
from headland.formats.weather.provider import ForecastSource, round_place
from headland.formats.weather.providers import source_named
from headland.i18n import LANGUAGES, CatalogText, Language, find_term
from headland.i18n.durations import duration_text
from headland.network.polite_requests import RequestFault, RequestState
from headland.registry.models.models import Site
from headland.registry.models.weather import (
    Attribution,
    ForecastIssue,
    ForecastPlace,
    ForecastProviderSetting,
    ForecastSeries,
    StepKind,
    Values,
)
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.registry.repositories.weather import name_of_place
from headland.units_of_time import DAY_MS

#: Hours that are answered without a wish.
USUAL_AHEAD_MS: Final = 3 * DAY_MS
_QUANTILES: Final = (10, 50, 90)
Basis = Literal["provider", "nothing"]


class ForecastLine(msgspec.Struct, frozen=True, kw_only=True):
    """Values of one channel by step: of an instant, or of the time from its start to its end."""

    channel: str
    unit: str
    aggregation: Annotated[StepKind, "What a value is of its step."]
    height_m: Annotated[float | None, "Above the ground, where the provider says it."]
    starts_ms: Annotated[tuple[int, ...], "Begin of each step."]
    ends_ms: Annotated[tuple[int, ...], "End of each step; of an instant its begin."]
    leads_h: Annotated[tuple[float, ...], "From the issue to the end of each step."]
    values: Annotated[Values, "As the provider said it; of an ensemble the median of its members."]
    quantiles: Annotated[dict[str, Values], "By percent; of an ensemble those of its members."]
    members: Annotated[int, "Members of an ensemble; 0 for one forecast."]


class SiteForecast(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider said of the weather to come at a site, as it was known at `at_ms`."""

    site: str
    at_ms: Annotated[int, "The instant at which it was known."]
    basis: Annotated[Basis, "`nothing` where there is no forecast."]
    reason: Annotated[str | None, "off, no_position, no_adapter, no_key, no_files or waiting; null with a forecast."]
    fault: Annotated[str | None, "Why the provider's last answer was not used, or is not asked for."]
    detail: Annotated[
        str | None,
        "What the provider wrote of an error, or what of its last answer was not used, by reason with counts; or null.",
    ]
    is_deprecated: Annotated[bool, "Whether the provider says that it will end this service."]
    text: Annotated[str, "Why there is no forecast, or how old it is."]
    text_zh: str
    provider: Annotated[str | None, "Name of the provider's adapter; null where none is turned on."]
    title: Annotated[str | None, "Name of the provider for people; null where none is turned on or installed."]
    title_zh: Annotated[str | None, "The same in Chinese."]
    model: Annotated[str | None, "The provider's model; null where it names none."]
    simulated: bool
    asked: Annotated[ForecastPlace | None, "The place as the provider was told it, rounded."]
    answered: Annotated[ForecastPlace | None, "The provider's grid point."]
    issued_ms: Annotated[int | None, "Null where the provider does not say it: leads are from `fetched_ms` then."]
    fetched_ms: Annotated[int | None, "When the station received it."]
    confirmed_ms: Annotated[int | None, "When the provider last confirmed it, by a new issue or as unchanged."]
    next_ms: Annotated[int | None, "From when the station asks again; null of the past, and before the first request."]
    age_s: Annotated[float | None, "Since it was issued."]
    attribution: Annotated[Attribution | None, "To be shown wherever a number of it is."]
    lines: Annotated[list[ForecastLine], "A line for each channel."]


def asked_place(repositories: OrganisationRepositories, site: Site, decimals: int) -> ForecastPlace | None:
    """Return the rounded place of a site: its own, or that of its farm; None where neither has one."""
    for record in (site, repositories.farms.get(site.farm)):
        if record.latitude_deg is not None and record.longitude_deg is not None:
            place = ForecastPlace(latitude_deg=record.latitude_deg, longitude_deg=record.longitude_deg)
            return round_place(place, decimals)
    return None


def answer_site_forecast(
    scope: OrgScope, site_name: str, at_ms: int, start_ms: int | None = None, end_ms: int | None = None
) -> SiteForecast:
    """Return the forecast of a site for the steps that end in (start_ms, end_ms]; raises AnalysisError.

    Without them it is the three days from `at_ms` on.
    """
    site = find_forecast_site(scope.repositories, site_name)
    if site is None:
        raise AnalysisError("unknown-site", "No such site", f"There is no site {site_name}.")
    said, issue = read_said(scope, site, at_ms)
    if issue is None:
        return said
    first_ms = at_ms if start_ms is None else start_ms
    last_ms = first_ms + USUAL_AHEAD_MS if end_ms is None else end_ms
    lines = [line for each in issue.series if (line := _line(issue, each, first_ms, last_ms)).ends_ms]
    return msgspec.structs.replace(said, lines=lines)


def find_forecast_site(repositories: OrganisationRepositories, name: str) -> Site | None:
    """Return the site of an id or name."""
    return next((each for each in repositories.sites.all() if name in (each.id, each.name)), None)


def read_said(scope: OrgScope, site: Site, at_ms: int) -> tuple[SiteForecast, ForecastIssue | None]:
    """Return what is known of a site's forecast at an instant, without its lines, and the issue where there is one."""
    repositories = scope.repositories
    setting = next((each for each in repositories.forecast_providers.all() if each.enabled), None)
    if setting is None:
        return _nothing(site, at_ms, "off"), None
    try:
        provider = source_named(setting.provider)
    except SettingsError:
        return _nothing(site, at_ms, "no_adapter", setting=setting), None
    place = asked_place(repositories, site, provider.decimals)
    if place is None:
        return _nothing(site, at_ms, "no_position", setting=setting, provider=provider), None
    state = read_state(repositories.weather.state(provider.name, name_of_place(place)))
    issue = repositories.weather.said_at(place, at_ms, provider.name)
    if issue is None:
        reason = "no_files" if provider is FILES else "waiting"
        reason = "no_key" if state.fault is RequestFault.NO_KEY else reason
        return _nothing(site, at_ms, reason, setting=setting, provider=provider, place=place, state=state), None
    return _told(site, at_ms, provider, issue, state), issue


def read_state(saved: dict[str, Any] | None) -> RequestState:
    """Return the state of requests that was saved; that of none where it is missing or of another version."""
    try:
        return RequestState() if saved is None else msgspec.convert(saved, RequestState)
    except msgspec.ValidationError:
        return RequestState()


def _told(site: Site, at_ms: int, provider: ForecastSource, issue: ForecastIssue, state: RequestState) -> SiteForecast:
    # Of the past it is known what was said, and not what was confirmed or refused by then.
    state = RequestState() if at_ms < state.asked_ms else state
    confirmed_ms = max(issue.fetched_ms, state.good_ms)
    is_old = at_ms - confirmed_ms > provider.old_after_s * 1000
    how = ("old" if is_old else "told") + ("_unissued" if issue.issued_ms is None else "")
    names = _names(provider, simulated=issue.simulated)
    texts = _texts(how, state, names, (at_ms - confirmed_ms) / 1000, (at_ms - issue.said_ms) / 1000)
    return SiteForecast(
        site=site.name,
        at_ms=at_ms,
        basis="provider",
        reason=None,
        fault=_fault(state),
        detail=state.detail or None,
        is_deprecated=state.is_deprecated,
        text=texts["en"],
        text_zh=texts["zh"],
        provider=issue.provider,
        title=provider.title_in("en"),
        title_zh=provider.title_in("zh"),
        model=issue.model,
        simulated=issue.simulated,
        asked=issue.asked,
        answered=issue.answered,
        issued_ms=issue.issued_ms,
        fetched_ms=issue.fetched_ms,
        confirmed_ms=confirmed_ms,
        next_ms=None if at_ms < state.asked_ms else state.next_ms or None,
        age_s=(at_ms - issue.said_ms) / 1000,
        attribution=issue.attribution,
        lines=[],
    )


def _line(issue: ForecastIssue, series: ForecastSeries, first_ms: int, last_ms: int) -> ForecastLine:
    chosen = [index for index, end_ms in enumerate(series.ends_ms) if first_ms < end_ms <= last_ms]

    def cut(column: Values) -> Values:
        return tuple(column[index] for index in chosen)

    quantiles = {name: cut(column) for name, column in series.quantiles.items()}
    values = cut(series.values)
    if series.members and chosen:
        low, middle, high = _quantiles([cut(member) for member in series.members])
        quantiles, values = {"10": low, "90": high}, middle
    leads_h = issue.leads_h(series)
    return ForecastLine(
        channel=series.channel,
        unit=unit_of_channel(series.channel) or "",
        aggregation=series.aggregation,
        height_m=series.height_m,
        starts_ms=tuple(series.starts_ms[index] for index in chosen),
        ends_ms=tuple(series.ends_ms[index] for index in chosen),
        leads_h=tuple(round(leads_h[index], 3) for index in chosen),
        values=values,
        quantiles=quantiles,
        members=len(series.members),
    )


def _quantiles(members: list[Values]) -> tuple[Values, ...]:
    """Return the quantiles of each step over the members that have it; None where fewer than half have."""
    table = np.array([[np.nan if value is None else value for value in member] for member in members], float)
    enough = np.isfinite(table).sum(axis=0) * 2 >= len(members)
    columns: list[Values] = []
    for percent in _QUANTILES:
        row = [
            round(float(np.nanpercentile(column, percent)), 3) if is_enough else None
            for column, is_enough in zip(table.T, enough, strict=True)
        ]
        columns.append(tuple(row))
    return tuple(columns)


def _nothing(
    site: Site,
    at_ms: int,
    reason: str,
    *,
    setting: ForecastProviderSetting | None = None,
    provider: ForecastSource | None = None,
    place: ForecastPlace | None = None,
    state: RequestState | None = None,
) -> SiteForecast:
    state = state or RequestState()
    named = "" if setting is None else setting.provider
    names = _names(named if provider is None else provider)
    # Where the reason is the fault, its sentence is said once.
    shown = RequestState() if state.fault == reason else state
    texts = _texts(reason, shown, names, 0.0, 0.0)
    return SiteForecast(
        site=site.name,
        at_ms=at_ms,
        basis="nothing",
        reason=reason,
        fault=_fault(state),
        detail=state.detail or None,
        is_deprecated=state.is_deprecated,
        text=texts["en"],
        text_zh=texts["zh"],
        provider=named or None,
        title=None if provider is None else provider.title_in("en"),
        title_zh=None if provider is None else provider.title_in("zh"),
        model=None,
        simulated=False,
        asked=place,
        answered=None,
        issued_ms=None,
        fetched_ms=None,
        confirmed_ms=None,
        next_ms=state.next_ms or None,
        age_s=None,
        attribution=None,
        lines=[],
    )


_Names = dict[Language, str | CatalogText]


def _names(provider: ForecastSource | str, *, simulated: bool = False) -> _Names:
    """Return a provider's name in both languages, with the word that it is simulated."""
    names: _Names = {}
    for language in LANGUAGES:
        name = provider if isinstance(provider, str) else provider.title_in(language)
        names[language] = CatalogText("forecast_states", "simulated", {"name": name}) if simulated else name
    return names


def _fault(state: RequestState) -> str | None:
    return None if state.fault is None else state.fault.value


def _texts(how: str, state: RequestState, names: _Names, since_s: float, age_s: float) -> dict[Language, str]:
    """Return the sentence of a forecast, and those of what is wrong with its provider, in both languages."""
    texts: dict[Language, str] = {}
    for language in LANGUAGES:
        values: dict[str, str | CatalogText] = {
            "name": names[language],
            "since": duration_text(since_s, language),
            "age": duration_text(age_s, language),
        }
        sentences = [CatalogText("forecast_states", how, values).text(language)]
        if state.fault is not None:
            sentences.append(find_term("forecast_faults", state.fault, language) or "")
            sentences.append(find_term("forecast_refusals", state.refusal, language) or "")
            if state.detail:
                sentences.append(CatalogText("forecast_notes", "detail", {"detail": state.detail}).text(language))
        if state.is_deprecated:
            sentences.append(CatalogText("forecast_notes", "deprecated", {}).text(language))
        texts[language] = (" " if language == "en" else "").join(filter(None, sentences))
    return texts
