"""Bodies that BrAPI clients send: studies, plots, variables, germplasm and observations, as records."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from api.http.problems import ProblemError
from api.standards.brapi.entities import MISSING, read_unit_id
from headland.plain_numbers import is_digits
from headland.registry.models.trials import (
    ExternalReference,
    Germplasm,
    PlotLevel,
    PlotObservation,
    Trial,
    TrialPlot,
    TrialTreatment,
    TrialVariable,
    VariableCategory,
)

DataType = Literal["numerical", "nominal", "ordinal", "date", "text", "duration", "code"]
#: Levels of a design that hold a plot, the outermost first, by BrAPI's names.
_DESIGN_LEVELS: Final = ("rep", "block", "sub-block")
_DATA_TYPES: Final = frozenset(("numerical", "nominal", "ordinal", "date", "text", "duration", "code"))


class BrapiStruct(msgspec.Struct, kw_only=True, rename="camel"):
    """A body of BrAPI: names in camel case; names that Headland does not keep are read over."""


class ReferenceBody(BrapiStruct):
    """An id in another program, by the name of version 2.1 or the one before."""

    reference_id: str | None = None
    reference_old: str | None = msgspec.field(default=None, name="referenceID")
    reference_source: str | None = None


class ObservationBody(BrapiStruct):
    """An observation as it is sent."""

    observation_db_id: str | None = None
    observation_unit_db_id: str | None = None
    observation_variable_db_id: str | None = None
    study_db_id: str | None = None
    value: str | int | float | bool | None = None
    observation_time_stamp: str | None = None
    collector: str | None = None
    external_references: list[ReferenceBody] | None = None


class CategoryBody(BrapiStruct):
    """A class of a scale."""

    value: str | None = None
    label: str | None = None


class ValidValuesBody(BrapiStruct):
    """The possible values of a scale."""

    minimum_value: str | float | None = None
    maximum_value: str | float | None = None
    categories: list[CategoryBody] | None = None


class ScaleBody(BrapiStruct):
    """A scale."""

    scale_name: str | None = None
    units: str | None = None
    data_type: str | None = None
    valid_values: ValidValuesBody | None = None


class TraitBody(BrapiStruct):
    """A trait."""

    trait_name: str | None = None
    trait_description: str | None = None


class MethodBody(BrapiStruct):
    """A method."""

    method_name: str | None = None


class VariableBody(BrapiStruct):
    """A variable as it is sent."""

    observation_variable_name: str
    trait: TraitBody
    method: MethodBody
    scale: ScaleBody


class SynonymBody(BrapiStruct):
    """Another name of germplasm."""

    synonym: str | None = None


class GermplasmBody(BrapiStruct):
    """Germplasm as it is sent."""

    germplasm_name: str
    common_crop_name: str
    pui: str | None = msgspec.field(default=None, name="germplasmPUI")
    accession_number: str | None = None
    pedigree: str | None = None
    institute_name: str | None = None
    synonyms: list[SynonymBody] | None = None


class StudyBody(BrapiStruct):
    """A study as it is sent; its location is a field."""

    study_name: str
    location_db_id: str | None = None
    study_description: str | None = None
    seasons: list[str] | None = None
    active: bool | None = None
    observation_variable_db_ids: list[str] | None = None


class LevelBody(BrapiStruct):
    """A level of an observation unit."""

    level_name: str | None = None
    level_code: str | None = None


class PositionBody(BrapiStruct):
    """The position of an observation unit."""

    observation_level: LevelBody | None = None
    observation_level_relationships: list[LevelBody] | None = None
    position_coordinate_x: str | None = None
    position_coordinate_x_type: str | None = None
    position_coordinate_y: str | None = None
    position_coordinate_y_type: str | None = None


class TreatmentBody(BrapiStruct):
    """A treatment of an observation unit."""

    factor: str | None = None
    modality: str | None = None


class UnitBody(BrapiStruct):
    """An observation unit as it is sent."""

    study_db_id: str
    observation_unit_name: str
    germplasm_db_id: str | None = None
    germplasm_name: str | None = None
    observation_unit_position: PositionBody | None = None
    treatments: list[TreatmentBody] | None = None


def observation_of(body: ObservationBody, variable: TrialVariable, notes: list[str]) -> PlotObservation:
    """Return a sent observation; what could not be kept is added to `notes`. Raises NotFound for an unknown unit."""
    trial, plot = read_unit_id(body.observation_unit_db_id or "")
    if body.study_db_id not in (None, "", trial):
        sentence = f"The unit {body.observation_unit_db_id} is of another study than {str(body.study_db_id)[:64]}."
        raise ProblemError(400, "bad-observation", "Invalid observation", sentence)
    return PlotObservation(
        trial=trial,
        plot=plot,
        variable=variable.id,
        value=value_of(body.value, variable),
        time_ms=_time_ms(body.observation_time_stamp, notes),
        collector=(body.collector or "").strip()[:200],
        references=_references(body.external_references or []),
    )


def changed_observation(
    before: PlotObservation, body: ObservationBody, variable: TrialVariable, notes: list[str]
) -> PlotObservation:
    """Return a stored observation with what was sent in its place."""
    if body.observation_unit_db_id not in (None, "") and read_unit_id(body.observation_unit_db_id or "") != (
        before.trial,
        before.plot,
    ):
        raise ProblemError(400, "bad-observation", "Invalid observation", "An observation stays on its plot.")
    if body.observation_variable_db_id not in (None, "", before.variable):
        raise ProblemError(400, "bad-observation", "Invalid observation", "An observation stays with its variable.")
    references = before.references
    if body.external_references is not None:
        references = _references(body.external_references)
    return msgspec.structs.replace(
        before,
        value=value_of(body.value, variable),
        time_ms=before.time_ms if body.observation_time_stamp is None else _time_ms(body.observation_time_stamp, notes),
        collector=before.collector if body.collector is None else body.collector.strip()[:200],
        references=references,
    )


def value_of(value: str | float | bool | None, variable: TrialVariable) -> str | None:
    """Return a sent value as text; None for a missing one."""
    if isinstance(value, bool):
        return str(value).lower()
    text = "" if value is None else f"{value:.15g}" if isinstance(value, float) else str(value).strip()
    return None if text in ("", MISSING) and (not text or variable.data_type != "text") else text


def variable_of(body: VariableBody) -> TrialVariable:
    """Return a sent variable; raises ProblemError (400) where its type or range is not known."""
    scale = body.scale
    kind = (scale.data_type or "text").lower()
    valid = scale.valid_values or ValidValuesBody()
    categories = [each for each in valid.categories or [] if each.value]
    try:
        return msgspec.convert(
            {
                "name": body.observation_variable_name,
                "trait": body.trait.trait_name or body.observation_variable_name,
                "method": body.method.method_name or body.observation_variable_name,
                "unit": scale.units or "",
                "data_type": kind if kind in _DATA_TYPES else "text",
                "least": _number(valid.minimum_value),
                "most": _number(valid.maximum_value),
                "categories": [
                    msgspec.to_builtins(VariableCategory(value=each.value or "", label=each.label or each.value or ""))
                    for each in categories
                ],
            },
            TrialVariable,
        )
    except msgspec.ValidationError as error:
        raise ProblemError(400, "bad-variable", "Invalid variable", f"Correct the variable: {error}.") from error


def germplasm_of(body: GermplasmBody) -> Germplasm:
    """Return sent germplasm; raises ProblemError (400) for values that are too long."""
    try:
        return msgspec.convert(
            {
                "name": body.germplasm_name,
                "crop": body.common_crop_name,
                "pui": body.pui or "",
                "accession": body.accession_number or "",
                "pedigree": body.pedigree or "",
                "breeder": body.institute_name or "",
                "synonyms": [each.synonym for each in body.synonyms or [] if each.synonym],
            },
            Germplasm,
        )
    except msgspec.ValidationError as error:
        raise ProblemError(400, "bad-germplasm", "Invalid germplasm", f"Correct the germplasm: {error}.") from error


def trial_of(body: StudyBody) -> Trial:
    """Return a sent study as a trial without plots; raises ProblemError (400) without a location."""
    if not body.location_db_id:
        sentence = "Set locationDbId to a field, as /brapi/v2/locations lists them."
        raise ProblemError(400, "no-location", "Study without a location", sentence)
    try:
        return msgspec.convert(
            {
                "field": body.location_db_id,
                "name": body.study_name,
                "kind": "imported",
                "season": body.seasons[0] if body.seasons else None,
                "variables": body.observation_variable_db_ids or [],
                "active": True if body.active is None else body.active,
                "note": body.study_description or "",
            },
            Trial,
        )
    except msgspec.ValidationError as error:
        raise ProblemError(400, "bad-study", "Invalid study", f"Correct the study: {error}.") from error


def with_units(trial: Trial, bodies: Sequence[UnitBody]) -> Trial:
    """Return a trial with the plots of sent units added; raises ProblemError (400) for a design that Headland drew."""
    if trial.kind != "imported":
        sentence = "The plots of this trial were drawn by Headland: add units to a study that you made."
        raise ProblemError(400, "not-imported", "Plots drawn already", sentence)
    treatments, plots = list(trial.treatments), list(trial.plots)
    blocks = {_levels_of(plot): plot.block for plot in plots}
    for body in bodies:
        name = _treatment_name(body)
        at = next((index for index, each in enumerate(treatments) if each.name == name), len(treatments))
        if at == len(treatments):
            treatments.append(TrialTreatment(name=name, germplasm=body.germplasm_db_id or None))
        position = body.observation_unit_position or PositionBody()
        x, y = _index(position.position_coordinate_x), _index(position.position_coordinate_y)
        if "ROW" in (position.position_coordinate_x_type or "") or "COL" in (position.position_coordinate_y_type or ""):
            x, y = y, x
        levels = _design_levels(position)
        block = blocks.setdefault(levels, len(blocks))
        number = len(plots) + 1
        plots.append(
            TrialPlot(
                number=number,
                name=_level(position, ("plot",)) or body.observation_unit_name,
                row=number - 1 if y is None else y,
                column=0 if x is None else x,
                block=block,
                main_plot=block,
                treatment=at,
                levels=levels,
            )
        )
    made = msgspec.structs.replace(trial, treatments=tuple(treatments), plots=tuple(plots))
    try:
        return msgspec.convert(msgspec.to_builtins(made), Trial)
    except msgspec.ValidationError as error:
        raise ProblemError(400, "bad-units", "Invalid observation units", f"Correct the units: {error}.") from error


def _levels_of(plot: TrialPlot) -> tuple[PlotLevel, ...]:
    """Return the levels of a plot; one that was stored without them has its block's number as we show it."""
    return plot.levels or (PlotLevel(name="block", code=f"{plot.block + 1}"),)


def _design_levels(position: PositionBody) -> tuple[PlotLevel, ...]:
    """Return the levels of a design that hold a plot, the outermost first: block 1 is another one in each replicate."""
    found = [(name, _level(position, (name,))) for name in _DESIGN_LEVELS]
    return tuple(PlotLevel(name=name, code=code) for name, code in found if code) or (
        PlotLevel(name="block", code="1"),
    )


def _treatment_name(body: UnitBody) -> str:
    named = [each.modality for each in body.treatments or [] if each.modality]
    name = " / ".join(named) or body.germplasm_name or body.germplasm_db_id
    if not name:
        sentence = f"{body.observation_unit_name[:64]!r} has no treatment and no germplasm: give one of them."
        raise ProblemError(400, "bad-units", "Invalid observation units", sentence)
    return name[:200]


def _level(position: PositionBody, names: Sequence[str]) -> str | None:
    levels = [*(position.observation_level_relationships or [])]
    if position.observation_level is not None:
        levels.append(position.observation_level)
    for name in names:
        for each in levels:
            if each.level_name == name and each.level_code:
                return each.level_code
    return None


def _index(text: str | None) -> int | None:
    """Return a position from 0 of one that counts from 1; None where it is no such number."""
    return int(text) - 1 if text is not None and is_digits(text) and 0 < int(text) <= 10_000 else None


def _references(bodies: Sequence[ReferenceBody]) -> tuple[ExternalReference, ...]:
    found = [
        ExternalReference(
            source=(each.reference_source or "")[:200], reference=(each.reference_id or each.reference_old or "")[:200]
        )
        for each in bodies
        if each.reference_id or each.reference_old
    ]
    return tuple(found[:10])


def _time_ms(text: str | None, notes: list[str]) -> int | None:
    """Return an instant [epoch ms]; None without a time zone or for another text, with a note."""
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        notes.append(f"Time not kept: {text[:40]!r} is no instant with a time zone.")
        return None
    time_ms = round(instant.timestamp() * 1000)
    return time_ms if 0 <= time_ms <= 253_402_300_799_999 else None


def _number(value: str | float | None) -> float | None:
    if value is None or value == "":
        return None
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        sentence = f"{str(value)[:40]!r} is no number of the scale's range."
        raise ProblemError(400, "bad-variable", "Invalid variable", sentence)
    return number


def not_kept(raw: bytes, kind: type[BrapiStruct]) -> list[str]:
    """Return the names in sent objects that Headland does not keep."""
    sent: Any = msgspec.json.decode(raw)
    objects = sent if isinstance(sent, list) else list(sent.values()) if isinstance(sent, dict) else []
    known = set(kind.__struct_encode_fields__) | _ANSWERED
    names = {
        name
        for each in objects
        if isinstance(each, dict)
        for name, value in each.items()
        if name not in known and value not in (None, "", [], {})
    }
    return [f"Not kept: {name}." for name in sorted(names)]


#: Names that follow from others, and that clients send back as they were answered.
_ANSWERED: Final = frozenset(
    (
        *("observationUnitName", "observationVariableName", "germplasmDbId", "germplasmName", "season", "studyName"),
        *("trialDbId", "trialName", "programDbId", "programName", "locationDbId", "locationName"),
        *("observationVariableDbId", "observationUnitDbId", "studyDbId", "defaultDisplayName"),
    )
)
