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


class TrialTreatment(msgspec.Struct, frozen=True, kw_only=True):
    """A treatment of a trial: a rate of the trial's product, a nitrogen rate, or a variety."""

    name: Text
    rate_ha: NotNegative | None = None
    n_kg_ha: NotNegative | None = None
    germplasm: RecordId | None = None


class PlotLevel(msgspec.Struct, frozen=True, kw_only=True):
    """A level of a design that holds a plot, such as its replicate or block, by the code of another program."""

    name: Short
    code: Short


class TrialPlot(msgspec.Struct, frozen=True, kw_only=True):
    """A plot by its number, from 1; rows run along the work. `treatment` is an index of the trial's treatments.

    `levels` are those of an imported design, the outermost first; `block` is the number of the innermost one.
    """

    number: Annotated[int, Meta(ge=1, le=MOST_PLOTS)]
    name: Text
    row: Annotated[int, Meta(ge=0, le=10_000)]
    column: Annotated[int, Meta(ge=0, le=10_000)]
    block: Annotated[int, Meta(ge=0, le=10_000)]
    main_plot: Annotated[int, Meta(ge=0, le=10_000)]
    treatment: Annotated[int, Meta(ge=0, lt=MOST_TREATMENTS)]
    levels: Annotated[tuple[PlotLevel, ...], Meta(max_length=3)] = ()

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
    product: str | None = None
    prescription: str | None = None
    kind: Literal["strips", "rcbd", "split_plot", "checkerboard", "imported"]
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0
    treatments: Annotated[tuple[TrialTreatment, ...], Meta(max_length=MOST_TREATMENTS)] = ()
    plots: Annotated[tuple[TrialPlot, ...], Meta(max_length=MOST_PLOTS)] = ()
    latitude_deg: Latitude | None = None
    longitude_deg: Longitude | None = None
    heading_deg: Annotated[float, Meta(ge=0, lt=360)] | None = None
    length_m: Positive | None = None
    width_m: Positive | None = None
    gap_m: NotNegative = 0.0
    variables: Annotated[tuple[RecordId, ...], Meta(max_length=100)] = ()
    active: bool = True
    note: Note = ""


class Germplasm(VersionedRecord, frozen=True, kw_only=True):
    """A variety, line or accession; `pui` is its permanent identifier, such as a registration number."""

    name: Text
    crop: Text
    pui: Short = ""
    accession: Short = ""
    pedigree: Note = ""
    breeder: Short = ""
    synonyms: Annotated[tuple[Text, ...], Meta(max_length=50)] = ()
    note: Note = ""


class VariableCategory(msgspec.Struct, frozen=True, kw_only=True):
    """A value of a variable in classes, and what it means."""

    value: Text
    label: Text


class TrialVariable(VersionedRecord, frozen=True, kw_only=True):
    """What is observed on plots: the trait, how it is observed, and its unit and possible values."""

    name: Text
    trait: Text
    method: Text
    unit: Annotated[str, Meta(max_length=50)] = ""
    data_type: Literal["numerical", "nominal", "ordinal", "date", "text", "duration", "code"] = "numerical"
    least: float | None = None
    most: float | None = None
    categories: Annotated[tuple[VariableCategory, ...], Meta(max_length=100)] = ()


class ExternalReference(msgspec.Struct, frozen=True, kw_only=True):
    """The id of a record in another program."""

    source: Short
    reference: Short


class PlotObservation(VersionedRecord, frozen=True, kw_only=True):
    """An observation of a variable on a plot, as it was written down; null for a missing value."""

    trial: str
    plot: Annotated[int, Meta(ge=1, le=MOST_PLOTS)]
    variable: str
    value: Annotated[str, Meta(max_length=2000)] | None
    time_ms: Instant | None = None
    collector: Short = ""
    references: Annotated[tuple[ExternalReference, ...], Meta(max_length=10)] = ()

    @property
    def key(self) -> tuple[str, int, str, str, tuple[tuple[str, str], ...], int | None]:
        """What makes two observations the same: its ids in other programs; without any, its instant."""
        references = tuple(sorted((each.source, each.reference) for each in self.references))
        instant = None if references else self.time_ms
        return self.trial, self.plot, self.variable, self.collector, references, instant
