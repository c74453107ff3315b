"""Today as one answer: rows of greenhouses and fields, the sentence above them, weather, facts, what was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from headland.analysis.greenhouse.house import place_of
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.tonight.cards.card import Card
from headland.analysis.tonight.cards.page import list_cards
from headland.analysis.tonight.done import Done
from headland.analysis.tonight.today.answer import (
    DoneToday,
    DutyFact,
    Today,
    TodayCounts,
    TodayDone,
    TodayFarm,
    TodayRow,
    TodayText,
    TodayWeather,
)
from headland.analysis.tonight.today.clock_words import PhoneClock, joined, said
from headland.analysis.tonight.today.facts import read_facts
from headland.analysis.tonight.today.fields.work import FieldWork
from headland.analysis.tonight.today.making import AskImports, making_of
from headland.analysis.tonight.today.rows import read_done, rows_of
from headland.analysis.tonight.today.weather import three_days
from headland.contract.gateway_state import GatewayState
from headland.i18n import find_term
from headland.registry.models.reach import ReachFact
from headland.registry.repositories.local_time import find_local_time
from headland.registry.repositories.organisation_repositories import OrganisationRepositories

#: More greenhouses and fields than any farm has.
_MOST_ROWS: Final = 2000
_ACTING: Final = ("act", "interrupted", "recalled")


def answer_today(
    scope: OrgScope,
    duty: DutyFact | None,
    reach: ReachFact,
    gateways: Sequence[GatewayState] | None,
    imports: AskImports,
) -> Today:
    """Return the first page; `duty` is who is on duty, `reach` whether alarms reach a person.

    `gateways` are the states of the farm's gateways, None where no ingest tells them; `imports` asks for what is being
    imported, where a forecast lacks history. Raises AnalysisError without a registry.
    """
    page = list_cards(scope, _MOST_ROWS, with_sensors=False)
    cards, repositories = page.cards, scope.repositories
    done = read_done(scope)
    rows, work = rows_of(scope, cards, done)
    local = find_local_time(repositories)
    clock = PhoneClock(local.zone, scope.now_ms)
    counts = _counts(rows, work)
    return Today(
        now_ms=scope.now_ms,
        time_zone=local.zone.key,
        time_zone_known=local.is_known,
        farm=TodayFarm(name=_farm_name(scope, repositories)),
        simulated=any(row.simulated for row in rows),
        sentence=_sentence(rows, counts, work),
        first=_first(rows),
        making=making_of(scope, cards, imports),
        weather=_weather(scope, cards, repositories),
        facts=read_facts(scope, [card.subject for card in cards], duty, reach, gateways),
        counts=counts,
        rows=rows,
        done_today=_done_today(cards, done, clock.midnight_ms()),
    )


def _counts(rows: Sequence[TodayRow], work: Mapping[str, FieldWork]) -> TodayCounts:
    houses = [row for row in rows if row.kind == "greenhouse"]
    fields = [row for row in rows if row.kind == "field"]
    missed = [work[row.id].missed for row in fields if row.id in work and row.state == "act"]
    return TodayCounts(
        houses=len(houses),
        houses_act=sum(row.state in _ACTING for row in houses),
        houses_unknown=sum(row.state in ("unknown", "silent") for row in houses),
        fields=len(fields),
        fields_act=sum(row.state in _ACTING for row in fields),
        missed_strips=sum(one.strips for one in missed if one is not None),
    )


def _sentence(rows: Sequence[TodayRow], counts: TodayCounts, work: Mapping[str, FieldWork]) -> TodayText:
    parts: list[TodayText] = []
    if counts.houses_act:
        parts.append(said("sentence_houses", act=counts.houses_act, houses=counts.houses))
    if counts.houses_unknown:
        parts.append(said("sentence_unknown", unknown=counts.houses_unknown, houses=counts.houses))
    missing = [row for row in rows if row.kind == "field" and row.state == "act" and _has_missed(row, work)]
    if len(missing) == 1:
        parts.append(said("sentence_missed_at", name=missing[0].name, strips=counts.missed_strips))
    elif missing:
        parts.append(said("sentence_missed", fields=len(missing), strips=counts.missed_strips))
    others = counts.fields_act - len(missing)
    if others:
        parts.append(said("sentence_fields", act=others))
    flying = sum(row.state == "flying" for row in rows)
    if flying:
        parts.append(said("sentence_flying", flying=flying))
    if not parts:
        return said("sentence_calm") if rows else said("sentence_empty")
    return joined(parts)


def _has_missed(row: TodayRow, work: Mapping[str, FieldWork]) -> bool:
    return row.id in work and work[row.id].missed is not None


def _first(rows: Sequence[TodayRow]) -> TodayText | None:
    row = next((row for row in rows if row.action is not None), None)
    if row is None or row.action is None:
        return None
    action = TodayText(text=row.action.text, text_zh=row.action.text_zh)
    return said("first", name=row.name, action=action)


def _weather(scope: OrgScope, cards: Sequence[Card], repositories: OrganisationRepositories) -> TodayWeather | None:
    """Return the weather of the site with the most greenhouses and fields; None without a site."""
    sites = {site.name: site for site in repositories.sites.all()}
    names = [card.subject.site for card in cards if card.subject.site in sites]
    if not names:
        names = list(sites)[:1]
    if not names:
        return None
    name = max(dict.fromkeys(names), key=names.count)
    devices = [record for record in scope.store.devices(scope.organisation) if record.descriptor.site == name]
    return three_days(scope, sites[name], devices, place_of(sites[name], devices))


def _farm_name(scope: OrgScope, repositories: OrganisationRepositories) -> str:
    farms = list(repositories.farms.all())
    return farms[0].name if len(farms) == 1 else scope.organisation


def _done_today(
    cards: Sequence[Card], confirmed: Mapping[str, Sequence[TodayDone]], midnight_ms: int
) -> list[DoneToday]:
    """Return what was done since midnight, the newest first: what people said, notes, acknowledgements and passes."""
    found = [
        _done_of(one, card)
        for card in cards
        for one in card.done
        if one.time_ms >= midnight_ms and one.kind != "irrigation"
    ]
    found += [
        DoneToday(
            kind="confirmed", time_ms=one.time_ms, by=one.by, text=one.text, text_zh=one.text_zh,
            row=card.subject.name, row_id=card.subject.id,
        )
        for card in cards
        for one in confirmed.get(card.subject.id, ())
        if one.time_ms >= midnight_ms
    ]  # fmt: skip
    return sorted(found, key=lambda one: one.time_ms, reverse=True)


def _done_of(one: Done, card: Card) -> DoneToday:
    if one.kind == "acknowledgement":
        names = {lang: find_term("alarm_rules", one.text, lang) or one.text for lang in ("en", "zh")}
        text = said("done_acknowledgement", rule=TodayText(text=names["en"], text_zh=names["zh"]))
    elif one.kind == "pass":
        text = said("done_pass")
    else:
        text = TodayText(text=one.text, text_zh=one.text)
    return DoneToday(
        kind=one.kind, time_ms=one.time_ms, by=one.by, text=text.text, text_zh=text.text_zh,
        row=card.subject.name, row_id=card.subject.id,
    )  # fmt: skip
