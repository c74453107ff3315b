"""Entities of BrAPI from the registry: programs are farms, locations fields, a trial has one study, plots are units."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any, Final

from api.standards.brapi.envelope import Entity, EntityRow
from headland.analysis.inputs.window import utc_of
from headland.analysis.trials.design import layout_of
from headland.registry.models.errors import NotFound
from headland.registry.models.models import Farm, Field, Season
from headland.registry.models.trials import Germplasm, PlotObservation, Trial, TrialPlot, TrialVariable
from headland.registry.repositories.organisation_repositories import OrganisationRepositories

PLOT_LEVEL: Final = {"levelName": "plot", "levelOrder": 2}
_UNIT: Final = re.compile(r"([0-9a-z]{26})-([1-9][0-9]{0,3})")
_DATA_TYPES: Final = {
    "numerical": "Numerical",
    "nominal": "Nominal",
    "ordinal": "Ordinal",
    "date": "Date",
    "text": "Text",
    "duration": "Duration",
    "code": "Code",
}
_DESIGNS: Final = {
    "strips": ("strips", "Strips as long as the field, each treatment once in every group of neighbours"),
    "rcbd": ("RCBD", "Randomized complete block design"),
    "split_plot": ("split-plot", "Split-plot design"),
    "checkerboard": ("checkerboard", "Two treatments in turn along rows and columns"),
    "imported": ("imported", "Design of another program"),
}
#: Missing value of a number, as Field Book writes it.
MISSING: Final = "NA"


def unit_id(trial: str, plot: int) -> str:
    """Return the observationUnitDbId of a plot."""
    return f"{trial}-{plot}"


def read_unit_id(unit: str) -> tuple[str, int]:
    """Return trial and plot of an observationUnitDbId; raises NotFound."""
    match = _UNIT.fullmatch(unit)
    if match is None:
        raise NotFound("observation unit", unit[:64])
    return match.group(1), int(match.group(2))


class BrapiCatalog:
    """The records of an organisation as entities of BrAPI; each kind is read once, when it is asked for."""

    def __init__(self, repositories: OrganisationRepositories) -> None:
        self._repositories = repositories

    @cached_property
    def _farms(self) -> dict[str, Farm]:
        return {farm.id: farm for farm in self._repositories.farms.all()}

    @cached_property
    def _fields(self) -> dict[str, Field]:
        return {each.id: each for each in self._repositories.fields.all()}

    @cached_property
    def _seasons(self) -> dict[str, Season]:
        return {season.id: season for season in self._repositories.seasons.all()}

    @cached_property
    def trials(self) -> dict[str, Trial]:
        """Trials by id."""
        return {trial.id: trial for trial in self._repositories.trials.all()}

    @cached_property
    def _germplasm(self) -> dict[str, Germplasm]:
        return {each.id: each for each in self._repositories.germplasm.all()}

    @cached_property
    def _variables(self) -> dict[str, TrialVariable]:
        return {each.id: each for each in self._repositories.trial_variables.all()}

    def crops(self) -> list[str]:
        """Return the names of crops that germplasm and seasons have."""
        return sorted({each.crop for each in self._germplasm.values()} | {each.crop for each in self._seasons.values()})

    def programs(self) -> Iterator[EntityRow]:
        """Return programs: the farms."""
        for farm in self._farms.values():
            entity = {
                "programDbId": farm.id,
                "programName": farm.name,
                "programType": "STANDARD",
                "objective": farm.note,
            }
            yield EntityRow(entity, {"commonCropName": self.crops()})

    def locations(self) -> Iterator[EntityRow]:
        """Return locations: the fields."""
        for each in self._fields.values():
            yield EntityRow(
                {
                    "locationDbId": each.id,
                    "locationName": each.name,
                    "locationType": "Field",
                    "instituteName": self._farms[each.farm].name if each.farm in self._farms else "",
                }
            )

    def seasons(self) -> Iterator[EntityRow]:
        """Return seasons."""
        for season in self._seasons.values():
            yield EntityRow(_season(season))

    def trial_rows(self) -> Iterator[EntityRow]:
        """Return trials."""
        for trial in self.trials.values():
            crop, farm = self._crop(trial), self._farm(trial)
            entity = {
                "trialDbId": trial.id,
                "trialName": trial.name,
                "trialDescription": trial.note,
                "active": trial.active,
                "commonCropName": crop,
                "startDate": (utc_of(trial.created_ms) or "")[:10] or None,
                "programDbId": None if farm is None else farm.id,
                "programName": None if farm is None else farm.name,
            }
            yield EntityRow(_without_none(entity), {"studyDbId": trial.id, "locationDbId": trial.field})

    def studies(self) -> Iterator[EntityRow]:
        """Return studies, one of each trial."""
        for trial in self.trials.values():
            farm = self._farm(trial)
            also = {
                "programDbId": None if farm is None else farm.id,
                "programName": None if farm is None else farm.name,
                "seasonDbId": trial.season,
                "germplasmDbId": [each.germplasm for each in trial.treatments if each.germplasm],
                "observationVariableDbId": trial.variables,
            }
            yield EntityRow(self.study(trial), also)

    def study(self, trial: Trial) -> Entity:
        """Return the study of a trial."""
        design, description = _DESIGNS[trial.kind]
        place = self._fields.get(trial.field)
        return _without_none(
            {
                "studyDbId": trial.id,
                "studyName": trial.name,
                "studyDescription": trial.note,
                "studyType": "Field trial",
                "active": trial.active,
                "trialDbId": trial.id,
                "trialName": trial.name,
                "commonCropName": self._crop(trial),
                "locationDbId": trial.field,
                "locationName": None if place is None else place.name,
                "seasons": [] if trial.season is None else [trial.season],
                "startDate": utc_of(trial.created_ms),
                "lastUpdate": {"timestamp": utc_of(trial.changed_ms), "version": str(trial.version)},
                "experimentalDesign": {"PUI": design, "description": description},
                "observationLevels": [PLOT_LEVEL],
                "observationVariableDbIds": list(trial.variables),
                "observationUnitsDescription": f"{len(trial.plots)} plots",
            }
        )

    def units(self, only: str | None = None, observed: dict[str, list[Entity]] | None = None) -> Iterator[EntityRow]:
        """Return observation units, of one trial where one is named, with their observations where given."""
        for trial in self.trials.values():
            if only is not None and trial.id != only:
                continue
            place = self._fields.get(trial.field)
            layout = {} if place is None else {
                each["properties"]["number"]: each["geometry"] for each in layout_of(trial, place)["features"]
            }  # fmt: skip
            farm = self._farm(trial)
            for plot in trial.plots:
                entity = self._unit(trial, plot, place, farm, layout.get(plot.number))
                if observed is not None:
                    entity["observations"] = observed.get(entity["observationUnitDbId"], [])
                also = {"observationUnitLevelName": "plot", "observationUnitLevelCode": plot.name,
                        "seasonDbId": trial.season}  # fmt: skip
                yield EntityRow(entity, also)

    def _unit(
        self, trial: Trial, plot: TrialPlot, place: Field | None, farm: Farm | None, geometry: Entity | None
    ) -> Entity:
        treatment = trial.treatments[plot.treatment]
        variety = None if treatment.germplasm is None else self._germplasm.get(treatment.germplasm)
        block = str(plot.block + 1)
        levels = [(each.name, each.code) for each in plot.levels] or [("block", block)]
        of_plot = {**PLOT_LEVEL, "levelOrder": len(levels) + 1, "levelCode": plot.name}
        position: Entity = {
            "observationLevel": of_plot,
            "observationLevelRelationships": [
                {"levelName": "field", "levelOrder": 0, "levelCode": place.name if place else trial.field},
                *(
                    {"levelName": name, "levelOrder": at, "levelCode": code}
                    for at, (name, code) in enumerate(levels, 1)
                ),
                of_plot,
            ],
            "positionCoordinateX": str(plot.column + 1),
            "positionCoordinateXType": "GRID_COL",
            "positionCoordinateY": str(plot.row + 1),
            "positionCoordinateYType": "GRID_ROW",
            "geoCoordinates": None if geometry is None else {"type": "Feature", "geometry": geometry},
        }
        return _without_none(
            {
                "observationUnitDbId": unit_id(trial.id, plot.number),
                "observationUnitName": f"{trial.name} {plot.name}",
                "observationUnitPosition": _without_none(position),
                "studyDbId": trial.id,
                "studyName": trial.name,
                "trialDbId": trial.id,
                "trialName": trial.name,
                "programDbId": None if farm is None else farm.id,
                "programName": None if farm is None else farm.name,
                "locationDbId": trial.field,
                "locationName": None if place is None else place.name,
                "germplasmDbId": None if variety is None else variety.id,
                "germplasmName": None if variety is None else variety.name,
                "treatments": [{"factor": "treatment", "modality": treatment.name}],
                "additionalInfo": {"block": block, "treatment": treatment.name},
            }
        )

    def observations(self, only: str | None = None) -> Iterator[EntityRow]:
        """Return observations, of one trial where one is named."""
        records = self._repositories.plot_observations.records
        for each in records.all() if only is None else records.all(trial=only):
            if (trial := self.trials.get(each.trial)) is not None:
                farm = self._farm(trial)
                also = {
                    "observationUnitLevelName": "plot",
                    "seasonDbId": trial.season,
                    "trialDbId": trial.id,
                    "programDbId": None if farm is None else farm.id,
                    "locationDbId": trial.field,
                }
                yield EntityRow(self.observation(each), also)

    def observation(self, each: PlotObservation) -> Entity:
        """Return an observation."""
        trial, variable = self.trials[each.trial], self._variable(each.variable)
        plot = trial.plots[each.plot - 1]
        treatment = trial.treatments[plot.treatment]
        variety = None if treatment.germplasm is None else self._germplasm.get(treatment.germplasm)
        season = None if trial.season is None else self._seasons.get(trial.season)
        return _without_none(
            {
                "observationDbId": each.id,
                "observationUnitDbId": unit_id(trial.id, each.plot),
                "observationUnitName": f"{trial.name} {plot.name}",
                "observationVariableDbId": each.variable,
                "observationVariableName": variable.name,
                "studyDbId": trial.id,
                "germplasmDbId": None if variety is None else variety.id,
                "germplasmName": None if variety is None else variety.name,
                "collector": each.collector,
                "observationTimeStamp": None if each.time_ms is None else utc_of(each.time_ms),
                "season": None if season is None else _season(season),
                "value": MISSING if each.value is None else each.value,
                "externalReferences": [
                    {"referenceId": mine.reference, "referenceID": mine.reference, "referenceSource": mine.source}
                    for mine in each.references
                ],
            }
        )

    def variables(self) -> Iterator[EntityRow]:
        """Return observation variables; a study has those of its trial, and those that were observed on it."""
        studies: dict[str, set[str]] = {name: set() for name in self._variables}
        for trial in self.trials.values():
            for name in trial.variables:
                studies.setdefault(name, set()).add(trial.id)
        for each in self._repositories.plot_observations.records.all():
            studies.setdefault(each.variable, set()).add(each.trial)
        for variable in self._variables.values():
            yield EntityRow(variable_entity(variable), {"studyDbId": studies[variable.id], "traitName": variable.trait})

    def germplasm(self) -> Iterator[EntityRow]:
        """Return germplasm."""
        used: dict[str, set[str]] = {}
        for trial in self.trials.values():
            for treatment in trial.treatments:
                if treatment.germplasm is not None:
                    used.setdefault(treatment.germplasm, set()).add(trial.id)
        for each in self._germplasm.values():
            also = {"studyDbId": used.get(each.id, set()), "trialDbId": used.get(each.id, set()),
                    "synonym": each.synonyms}  # fmt: skip
            yield EntityRow(germplasm_entity(each), also)

    def _variable(self, name: str) -> TrialVariable:
        found = self._variables.get(name)
        return found if found is not None else self._repositories.trial_variables.get(name, also_deleted=True)

    def _farm(self, trial: Trial) -> Farm | None:
        place = self._fields.get(trial.field)
        return None if place is None else self._farms.get(place.farm)

    def _crop(self, trial: Trial) -> str | None:
        """Return the crop of a trial: of its season, else of its germplasm; None where neither says it."""
        if trial.season is not None and trial.season in self._seasons:
            return self._seasons[trial.season].crop
        crops = {self._germplasm[each.germplasm].crop for each in trial.treatments if each.germplasm in self._germplasm}
        return crops.pop() if len(crops) == 1 else None


def variable_entity(variable: TrialVariable) -> Entity:
    """Return an observation variable."""
    valid = _without_none(
        {
            "minimumValue": None if variable.least is None else f"{variable.least:g}",
            "maximumValue": None if variable.most is None else f"{variable.most:g}",
            "categories": [{"value": each.value, "label": each.label} for each in variable.categories],
        }
    )
    return {
        "observationVariableDbId": variable.id,
        "observationVariableName": variable.name,
        "trait": {
            "traitDbId": variable.id,
            "traitName": variable.trait,
            "traitDescription": f"{variable.trait} [{variable.unit}]" if variable.unit else variable.trait,
        },
        "method": {"methodDbId": variable.id, "methodName": variable.method},
        "scale": {
            "scaleDbId": variable.id,
            "scaleName": variable.unit or variable.data_type,
            "units": variable.unit,
            "dataType": _DATA_TYPES[variable.data_type],
            "validValues": valid,
        },
        "submissionTimestamp": utc_of(variable.created_ms),
    }


def germplasm_entity(each: Germplasm) -> Entity:
    """Return a germplasm record."""
    return {
        "germplasmDbId": each.id,
        "germplasmName": each.name,
        "germplasmPUI": each.pui or each.id,
        "defaultDisplayName": each.name,
        "commonCropName": each.crop,
        "accessionNumber": each.accession,
        "pedigree": each.pedigree,
        "instituteName": each.breeder,
        "synonyms": [{"synonym": name, "type": ""} for name in each.synonyms],
    }


def _season(season: Season) -> Entity:
    year = None if season.sowing_date is None else season.sowing_date.year
    return _without_none({"seasonDbId": season.id, "seasonName": season.name, "season": season.name, "year": year})


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
