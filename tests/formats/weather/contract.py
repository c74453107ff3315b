"""Contract of the providers of forecasts: each check takes an adapter and an answer for it."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from headland.contract.quantities import QUANTITIES
from headland.formats.weather.provider import (
    DecodedForecast,
    ForecastProvider,
    ForecastQuery,
    RefusedForecast,
    round_place,
)
from headland.network.http_target import parse_target
from headland.registry.models.weather import ForecastIssue, ForecastPlace, StepKind

#: A place whose last digits tell a house: they must not leave the station.
HOUSE = ForecastPlace(latitude_deg=31.953472, longitude_deg=119.168613)
FETCHED_MS = 1_800_000_600_000


@dataclass(frozen=True, slots=True)
class Case:
    """A provider, the query, and an answer to it that somebody else's code made."""

    provider: ForecastProvider
    query: ForecastQuery
    body: bytes

    def issue(self) -> ForecastIssue:
        decoded = self.provider.decode(self.body, self.query, FETCHED_MS)
        assert isinstance(decoded, DecodedForecast), decoded
        return decoded.issue


def query_of(provider: ForecastProvider, **more: Any) -> ForecastQuery:
    return ForecastQuery(place=round_place(HOUSE, provider.decimals), **more)


def check_request(case: Case) -> None:
    """A request has the rounded place and no more of it, the key where one is needed, and a target that parses."""
    request = case.provider.request(case.query, "s3cret")
    assert parse_target(f"{case.provider.host}{request.target}").scheme == "https"
    said = f"{request.target} {dict(request.headers)}"
    assert f"{case.query.place.latitude_deg:g}" in said
    assert f"{case.query.place.longitude_deg:g}" in said
    assert "31.9534" not in said
    assert "119.1686" not in said
    assert ("s3cret" in said) or not case.provider.needs_key
    assert case.provider.decimals <= 4
    assert case.provider.every_s >= 600
    assert case.provider.quota_a_day > 0


def check_issue(case: Case) -> None:
    """An issue has channels of the catalogue, in its units and ranges, by step, and what must be said with it."""
    issue = case.issue()
    assert issue.provider == case.provider.name
    assert issue.asked == case.query.place
    assert issue.fetched_ms == FETCHED_MS
    assert issue.series
    for text in (issue.attribution.text, issue.attribution.text_zh, issue.attribution.licence, issue.attribution.url):
        assert text
    for series in issue.series:
        quantity = QUANTITIES[series.channel]
        columns = [series.values, *series.quantiles.values(), *series.members]
        assert {len(column) for column in columns} == {len(series.starts_ms)} == {len(series.ends_ms)}
        assert list(series.ends_ms) == sorted(set(series.ends_ms))
        is_instant = series.aggregation is StepKind.INSTANT
        assert all((start == end) == is_instant for start, end in zip(series.starts_ms, series.ends_ms, strict=True))
        assert all(
            value is None or (math.isfinite(value) and quantity.low <= value <= quantity.high)
            for column in columns
            for value in column
        )
    assert {(each.channel, each.aggregation, each.ends_ms[0] - each.starts_ms[0]) for each in issue.series}


def check_same_content(case: Case) -> None:
    """The same answer fetched later is the same issue; another value is another one."""
    again = case.provider.decode(case.body, case.query, FETCHED_MS + 3_600_000)
    assert isinstance(again, DecodedForecast)
    assert again.issue.digest == case.issue().digest


def check_simulated(case: Case) -> None:
    """What a simulated provider says is marked for good."""
    query = ForecastQuery(
        place=case.query.place, model=case.query.model, time_zone=case.query.time_zone, simulated=True
    )
    decoded = case.provider.decode(case.body, query, FETCHED_MS)
    assert isinstance(decoded, DecodedForecast)
    assert decoded.issue.simulated
    assert not case.issue().simulated


def check_any_bytes(case: Case, body: bytes) -> None:
    """No bytes raise anything: they are an issue that holds the rules, or a refusal with a reason."""
    decoded = case.provider.decode(body, case.query, FETCHED_MS)
    assert isinstance(decoded, DecodedForecast | RefusedForecast)
    if isinstance(decoded, DecodedForecast):
        check_issue(Case(case.provider, case.query, body))


def mutated(body: bytes, place: int, value: object) -> bytes:
    """Return a document in which the `place`-th value, counted through it, is another one."""
    document = json.loads(body)
    spots: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for key, child in items:
            spots.append((node, key))
            walk(child)

    walk(document)
    node, key = spots[place % len(spots)]
    node[key] = value
    return json.dumps(document).encode()
