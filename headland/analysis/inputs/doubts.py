"""Questions to a person about improbable records: what was seen, why it matters, what mends it, and who answered.

A doubt is computed whenever it is asked for, never stored; what is stored is a person's word that a value is right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final

from msgspec import Meta

from headland.agronomy.plausibility.amounts import doubt_yield, yields_of
from headland.agronomy.plausibility.doubt import RecordDoubt
from headland.agronomy.plausibility.explanation import PLACE_CAUSES
from headland.agronomy.series.finding import FieldChange, Mend, SensorFinding
from headland.analysis.inputs.answers import place_mend
from headland.analysis.inputs.scope import OrgScope
from headland.i18n import CatalogText
from headland.registry.models.confirmations import DoubtTarget
from headland.registry.models.errors import NotFound
from headland.registry.models.geometry import Position
from headland.registry.models.models import Farm, Greenhouse, Season, Site, VersionedRecord
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.registry.validation.place_doubts import doubt_greenhouse, doubt_site


@dataclass(frozen=True, slots=True)
class ConfirmedValue:
    """A person's word that a doubted value is right."""

    id: Annotated[str, "Id of the confirmation."]
    version: int
    author: str
    time_ms: int


#: Between the values of several fields that are doubted together.
_AND: Final = ", "
#: What people said of doubted values, by target, id, cause and value.
Confirmed = Mapping[tuple[str, str, str, str], ConfirmedValue]


@dataclass(frozen=True, slots=True)
class InputDoubt:
    """An improbable input of a request that was answered with it."""

    cause: Annotated[str, "What explains it, such as yield_unit."]
    text: Annotated[str, "What was seen, with the remedy, in English."]
    text_zh: Annotated[str, "The same in Chinese."]
    changes: Annotated[tuple[FieldChange, ...], "Inputs to change, all together; none where it is not known which."]


@dataclass(frozen=True, slots=True)
class DoubtQuestion:
    """A question about an improbable value. `confirmed` is who said that it is right: then it is not asked any more."""

    target: Annotated[DoubtTarget, "Kind of the record."]
    target_id: Annotated[str, "Id of the record."]
    name: Annotated[str, "Name of the record."]
    cause: Annotated[str, "What explains it, such as zone_elsewhere or place_longitude_sign."]
    value: Annotated[str, "The doubted value: a confirmation names it."]
    text: Annotated[str, "What was seen, with the remedy, in English."]
    text_zh: Annotated[str, "The same in Chinese."]
    effect: Annotated[str, "Why it matters, in English."]
    effect_zh: Annotated[str, "The same in Chinese."]
    changes: Annotated[tuple[FieldChange, ...], "Fields to change, all together; none where it is not known which."]
    confirmed: Annotated[ConfirmedValue | None, "Who said that the value is right; null while it is asked."]
    chance: Annotated[
        Annotated[float, Meta(ge=0, le=1)] | None, "How sure the cause is; null where that is not known."
    ] = None
    remedy: Annotated[
        str | None, "What to do at the device or its gateway, in English; null where a record has it."
    ] = None
    remedy_zh: Annotated[str | None, "The same in Chinese."] = None


def list_questions(repositories: OrganisationRepositories) -> list[DoubtQuestion]:
    """Return the questions about the records of an organisation that are in use, and those that were answered."""
    judged = Judge(repositories)
    places: Iterable[Site | Greenhouse] = (*repositories.sites.all(), *repositories.greenhouses.all())
    used: Iterable[VersionedRecord] = (*(place for place in places if place.active), *repositories.seasons.all())
    return [question for record in used for question in judged.about(record)]


class Judge:
    """Judges records of one organisation beside those that they belong to, which it reads once."""

    def __init__(self, repositories: OrganisationRepositories) -> None:
        self._repositories = repositories
        self._confirmed: Confirmed | None = None
        self._places: dict[str, Position | None] = {}

    def about(self, record: VersionedRecord) -> list[DoubtQuestion]:
        """Return the questions about a record; none for a kind about which there are none."""
        for kind, target, find in _KINDS:
            if isinstance(record, kind):
                return [self._ask(target, record, doubt) for doubt in find(self, record)]
        return []

    def place_of(self, kind: str, id: str) -> Position | None:  # noqa: A002 - it is the record's id
        """Return the position of a farm or a site; None where it has none."""
        if id not in self._places:
            place: Farm | Site = getattr(self._repositories, kind).get(id, also_deleted=True)
            has = place.longitude_deg is not None and place.latitude_deg is not None
            self._places[id] = (place.longitude_deg or 0.0, place.latitude_deg or 0.0) if has else None
        return self._places[id]

    def _ask(self, target: DoubtTarget, record: VersionedRecord, doubt: RecordDoubt) -> DoubtQuestion:
        if self._confirmed is None:
            self._confirmed = read_confirmed(self._repositories)
        said = self._confirmed.get((target, record.id, doubt.cause, doubt.value))
        return ask(target, record.id, getattr(record, "name", ""), doubt, said)


def read_confirmed(repositories: OrganisationRepositories) -> Confirmed:
    """Return what people said of doubted values, by target, id, cause and value."""
    return {
        (each.target, each.target_id, each.cause, each.value): ConfirmedValue(
            each.id, each.version, each.author, each.created_ms
        )
        for each in repositories.confirmations.all()
    }


def value_of_mend(mend: Mend) -> str:
    """Return the value that a finding with a mend doubts, as text: a confirmation of it names it.

    How far a clock is off is no declared value: it is measured, and a little different each time.
    """
    if mend.kind == "set_clock":
        return mend.field
    return _AND.join(f"{change.field} {change.before}" for change in mend.changes)


def find_word(confirmed: Confirmed, target: str, target_id: str, cause: str, value: str) -> ConfirmedValue | None:
    """Return what a person said of a doubted value; None where nobody did.

    Whoever said that a longitude is right said so against every place that light could tell, also an exchanged one.
    """
    said = confirmed.get((target, target_id, cause, value))
    if said is not None or cause not in PLACE_CAUSES:
        return said
    doubted = set(value.split(_AND))
    for (of_target, of_id, of_cause, right), word in confirmed.items():
        if (of_target, of_id) == (target, target_id) and of_cause in PLACE_CAUSES and doubted & set(right.split(_AND)):
            return word
    return None


def leave_confirmed(scope: OrgScope, device: str, found: Mapping[str, SensorFinding]) -> dict[str, SensorFinding]:
    """Return the findings about a device's channels without those of which a person said that the value is right."""
    mends = {
        channel: place_mend(finding.mend, device, channel)
        for channel, finding in found.items()
        if finding.mend is not None
    }
    if not mends or scope.registry is None:
        return dict(found)
    try:
        confirmed = read_confirmed(scope.repositories)
    except NotFound:
        return dict(found)  # An organisation without records.
    return {
        channel: finding
        for channel, finding in found.items()
        if (mend := mends.get(channel)) is None
        or find_word(confirmed, mend.target, mend.target_id, finding.cause or "", value_of_mend(mend)) is None
    }


def settle(questions: Iterable[DoubtQuestion], confirmed: Confirmed) -> list[DoubtQuestion]:
    """Return questions, each with the word of whoever said that its value is right."""
    return [
        replace(each, confirmed=find_word(confirmed, each.target, each.target_id, each.cause, each.value))
        for each in questions
    ]


def ask(
    target: DoubtTarget, target_id: str, name: str, doubt: RecordDoubt, confirmed: ConfirmedValue | None = None
) -> DoubtQuestion:
    """Return a doubt as a question, in both languages."""
    text, effect = (CatalogText(group, doubt.cause, doubt.facts) for group in ("doubts", "doubt_effects"))
    return DoubtQuestion(
        target,
        target_id,
        name,
        doubt.cause,
        doubt.value,
        text.text("en"),
        text.text("zh"),
        effect.text("en"),
        effect.text("zh"),
        doubt.changes,
        confirmed,
    )


def say(doubt: RecordDoubt) -> InputDoubt:
    """Return a doubt about an input of a request, in both languages."""
    text = CatalogText("doubts", doubt.cause, doubt.facts)
    return InputDoubt(doubt.cause, text.text("en"), text.text("zh"), doubt.changes)


def _about_site(judge: Judge, site: Site) -> Sequence[RecordDoubt]:
    return _some(doubt_site(site, judge.place_of("farms", site.farm)))


def _about_greenhouse(judge: Judge, house: Greenhouse) -> Sequence[RecordDoubt]:
    return _some(doubt_greenhouse(house, judge.place_of("sites", house.site)))


def _about_season(_judge: Judge, season: Season) -> Sequence[RecordDoubt]:
    aimed = season.target_yield_t_ha
    return () if aimed is None else _some(doubt_yield(yields_of(season.crop), aimed, "target_yield_t_ha"))


def _some(doubt: RecordDoubt | None) -> Sequence[RecordDoubt]:
    return () if doubt is None else (doubt,)


_KINDS: Final[tuple[tuple[type, DoubtTarget, Callable[..., Sequence[RecordDoubt]]], ...]] = (
    (Site, DoubtTarget.SITE, _about_site),
    (Greenhouse, DoubtTarget.GREENHOUSE, _about_greenhouse),
    (Season, DoubtTarget.SEASON, _about_season),
)
