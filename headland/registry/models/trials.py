"""Records of field trials: trials with their plots, germplasm, observation variables, and observations of plots."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from headland.registry.models.models import Latitude, Longitude, Note, NotNegative, Positive, Text, VersionedRecord
from headland.registry.models.people import Instant

#: A model of a trial inverts a matrix of its plots.
MOST_PLOTS = 600
MOST_TREATMENTS = 200
RecordId = Annotated[str, Meta(pattern="^[0-9a-z]{26}$")]
Short = Annotated[str, Meta(max_length=200)]
_Place = Meta(ge=0, le=10_000)


class TrialTreatment(msgspec.Struct, frozen=True, kw_only=True):
    """A treatment of a trial: a rate of the trial's product, a nitrogen rate, or a variety."""

    name: Text
    rate_ha: NotNegative | None = None
    n_kg_ha: NotNegative | None = None
    germplasm: Annotated[RecordId | None, "Id of the germplasm record; null for a rate."] = None


class PlotLevel(msgspec.Struct, frozen=True, kw_only=True):
    """A level of a design that holds a plot, such as its replicate or block, by the code of another program."""

    name: Short
    code: Annotated[Short, "Code of the level in the other program."]


class TrialPlot(msgspec.Struct, frozen=True, kw_only=True):
    """A plot by its number, from 1; rows run along the work. `treatment` is an index of the trial's treatments.

    `levels` are those of an imported design, the outermost first; `block` is the number of the innermost one.
    """

    number: Annotated[int, Meta(ge=1, le=MOST_PLOTS), "Number of the plot, from 1."]
    name: Text
    row: Annotated[int, Meta(ge=0, le=10_000), "Row, along the work."]
    column: Annotated[int, Meta(ge=0, le=10_000), "Column, across the rows."]
    block: Annotated[int, Meta(ge=0, le=10_000), "Number of the block."]
    main_plot: Annotated[int, Meta(ge=0, le=10_000), "Number of the main plot of a split-plot design."]
    treatment: Annotated[int, Meta(ge=0, lt=MOST_TREATMENTS), "Index of the treatment in the trial's treatments."]
    levels: Annotated[
        tuple[PlotLevel, ...],
        Meta(max_length=3),
        "Levels of an imported design that hold the plot, the outermost first.",
    ] = ()

    @property
    def replicate(self) -> str | None:
        """The complete replicate that the plot's block is a part of, None where the block is one itself."""
        return self.levels[0].code if len(self.levels) > 1 else None


class Trial(VersionedRecord, frozen=True, kw_only=True):
    """A trial on a field. Its corner, direction and size of plots are null where the design came without a place.

    A design is drawn once: plots are added, and never drawn again. `imported` is a design of another program.
    """

    field: str
    name: Text
    season: str | None = None
    product: Annotated[str | None, "Id of the product; null for none."] = None
    prescription: str | None = None
    kind: Annotated[
        Literal["strips", "rcbd", "split_plot", "checkerboard", "imported"],
        "Design: strips, randomized complete blocks, split plot, checkerboard, or imported.",
    ]
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1), "Seed of the randomization."] = 0
    treatments: Annotated[tuple[TrialTreatment, ...], Meta(max_length=MOST_TREATMENTS), "Treatments."] = ()
    plots: Annotated[
        tuple[TrialPlot, ...], Meta(max_length=MOST_PLOTS), "Plots by number; empty until the design is drawn."
    ] = ()
    latitude_deg: Latitude | None = None
    longitude_deg: Longitude | None = None
    heading_deg: Annotated[float, Meta(ge=0, lt=360)] | None = None
    length_m: Positive | None = None
    width_m: Positive | None = None
    gap_m: NotNegative = 0.0
    variables: Annotated[tuple[RecordId, ...], Meta(max_length=100), "Ids of the observation variables."] = ()
    active: Annotated[bool, "Whether it is in use."] = True
    note: Note = ""


class Germplasm(VersionedRecord, frozen=True, kw_only=True):
    """A variety, line or accession; `pui` is its permanent identifier, such as a registration number."""

    name: Text
    crop: Text
    pui: Annotated[Short, "Permanent identifier, such as a registration number."] = ""
    accession: Annotated[Short, "Accession number."] = ""
    pedigree: Annotated[Note, "Pedigree."] = ""
    breeder: Annotated[Short, "Name of the breeder."] = ""
    synonyms: Annotated[tuple[Text, ...], Meta(max_length=50), "Other names."] = ()
    note: Note = ""


class VariableCategory(msgspec.Struct, frozen=True, kw_only=True):
    """A value of a variable in classes, and what it means."""

    value: Annotated[Text, "Value as it is written down."]
    label: Annotated[Text, "Meaning of the value."]


class TrialVariable(VersionedRecord, frozen=True, kw_only=True):
    """What is observed on plots: the trait, how it is observed, and its unit and possible values."""

    name: Text
    trait: Annotated[Text, "Observed trait."]
    method: Annotated[Text, "Method of the observation."]
    unit: Annotated[str, Meta(max_length=50)] = ""
    data_type: Annotated[
        Literal["numerical", "nominal", "ordinal", "date", "text", "duration", "code"], "Type of the values."
    ] = "numerical"
    least: Annotated[float | None, "Smallest possible value; null without a limit."] = None
    most: Annotated[float | None, "Largest possible value; null without a limit."] = None
    categories: Annotated[
        tuple[VariableCategory, ...], Meta(max_length=100), "Possible values of a nominal or ordinal variable."
    ] = ()


class ExternalReference(msgspec.Struct, frozen=True, kw_only=True):
    """The id of a record in another program."""

    source: Annotated[Short, "Name of the other program."]
    reference: Annotated[Short, "Id in the other program."]


class PlotObservation(VersionedRecord, frozen=True, kw_only=True):
    """An observation of a variable on a plot, as it was written down; null for a missing value."""

    trial: str
    plot: Annotated[int, Meta(ge=1, le=MOST_PLOTS), "Number of the plot."]
    variable: str
    value: Annotated[
        Annotated[str, Meta(max_length=2000)] | None, "Observed value as it was written down; null for a missing one."
    ]
    time_ms: Instant | None = None
    collector: Short = ""
    references: Annotated[
        tuple[ExternalReference, ...], Meta(max_length=10), "Ids of the observation in other programs."
    ] = ()

    @property
    def key(self) -> tuple[str, int, str, str, tuple[tuple[str, str], ...], int | None]:
        """What makes two observations the same: its ids in other programs; without any, its instant."""
        references = tuple(sorted((each.source, each.reference) for each in self.references))
        instant = None if references else self.time_ms
        return self.trial, self.plot, self.variable, self.collector, references, instant
